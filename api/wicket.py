"""The small gate beside the doors: the calls of the turnstiles, let through from the bytes of a request.

It stands for all the layers in front of a turnstile, in their order: the meter, the Idempotency-Key, the
address. What it does not know in a request at the first look it leaves to them, before anything is done.
"""

import time
from typing import Any, Final

import msgspec
import structlog

from api.access_log import AccessLog
from api.common_form import Post, post, post_pattern
from api.house import House
from api.idempotency import HEADER, KEY_CHARS_MAX, Idempotency, body_digest_of, request_digest, stored
from api.meter import Tally, trace_of
from api.problems import Refused
from api.refusals import OurFault
from api.replies import Answer, problem_answer
from api.rooms import Rooms
from api.turnstiles import Asked, Call, Unread, addressed, answered, is_plain
from store.version import heard

UNKNOWN: Final = "unknown"
log = structlog.get_logger("usher.api")


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A request that is let through. `body_digest` is that of its body when it came with a key."""

    call: Call[Any, Any]
    named: Any
    read: Any
    asked: Asked
    body_digest: bytes
    rooms: Rooms
    began: float


class Wicket:
    """One process's."""

    def __init__(self, house: House, once: Idempotency, tally: Tally, lines: AccessLog) -> None:
        self._house = house
        self._once = once
        self._tally = tally
        self._lines = lines
        self._root = house.settings.root_path
        self._head = post_pattern(self._root)

    def look(self, data: bytes) -> Passage | None:
        """What these bytes ask for; None when that is for the layers to say. Nothing is done yet."""
        began = time.perf_counter()
        came = post(self._head, data)
        if came is None or not self._house.is_open:
            return None
        rooms = self._house.rooms
        call, named = addressed(came.path, rooms)
        if call is None or not is_plain(came.headers, rooms):
            return None
        key, digest, body_digest = came.headers.get(HEADER), None, b""
        if key is not None:
            if len(key) > KEY_CHARS_MAX:
                return None
            digest, body_digest = self._digest(came, key), body_digest_of(came.body)
        try:
            read = call.read(came.body)
        except Unread:
            return None
        return Passage(call, named, read, Asked(came.headers, digest), body_digest, rooms, began)

    def _digest(self, came: Post, key: bytes) -> str:
        path = (self._root + came.path).encode()
        return request_digest(came.headers.get(b"authorization", b""), path, b"POST", key)

    async def answer(self, passage: Passage) -> tuple[Answer, bool]:
        """What is to be told, and whether this request is the first of its key."""
        heard.set(None)  # what an earlier request on this connection heard is not this one's
        digest = passage.asked.digest
        before = None if digest is None else await self._before(digest, passage.body_digest)
        if before is not None:
            return before, False
        return await answered(passage.call, passage.named, passage.read, passage.asked, passage.rooms), True

    async def note(self, passage: Passage, answer: Answer, *, first: bool) -> None:
        """Counts, logs and keeps what was told."""
        route, seconds = passage.call.route if first else UNKNOWN, time.perf_counter() - passage.began
        self._tally.count("POST", route, answer.status, seconds)
        self._lines.note("POST", route, answer.status, seconds)
        digest = passage.asked.digest
        if first and digest is not None:
            await self._once.end(digest, stored(answer, passage.body_digest))

    async def _before(self, digest: str, body_digest: bytes) -> Answer | None:
        """What the same request was told before, or why it cannot be asked; None for the first."""
        try:
            first = await self._once.begin(digest, body_digest)
        except Refused as refused:
            return problem_answer(refused.refusal)
        except Exception as error:
            log.error("fault", trace=trace_of(error))
            return problem_answer(OurFault())
        return None if first is None else first.again
