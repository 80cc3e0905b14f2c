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
from api.idempotency import HEADER, KEY_CHARS_MAX, Idempotency, stored
from api.meter import Tally, trace_of
from api.problems import Refused
from api.refusals import OurFault
from api.replies import Answer, problem_answer
from api.rooms import Rooms
from api.turnstiles import Asked, Call, Unread, addressed, answered, is_plain
from store.kept import Once
from store.version import heard

UNKNOWN: Final = "unknown"
log = structlog.get_logger("usher.api")


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A request that is let through."""

    call: Call[Any, Any]
    named: Any
    read: Any
    asked: Asked
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
        key = came.headers.get(HEADER)
        if key is not None and len(key) > KEY_CHARS_MAX:
            return None
        try:
            read = call.read(came.body)
        except Unread:
            return None
        once = None if key is None else self._named(came, key)
        return Passage(call, named, read, Asked(came.headers, once), rooms, began)

    def _named(self, came: Post, key: bytes) -> Once:
        path = (self._root + came.path).encode()
        return self._once.once(came.headers.get(b"authorization", b""), path, key, came.body)

    async def answer(self, passage: Passage) -> tuple[Answer, bool]:
        """What is to be told, and whether this request is the first of its key."""
        heard.set(None)  # what an earlier request on this connection heard is not this one's
        if (once := to_keep(passage)) and (before := await self._before(once)):
            return before, False
        return await answered(passage.call, passage.named, passage.read, passage.asked, passage.rooms), True

    async def note(self, passage: Passage, answer: Answer, *, first: bool) -> None:
        """Counts, logs and keeps what was told."""
        route, seconds = passage.call.route if first else UNKNOWN, time.perf_counter() - passage.began
        self._tally.count("POST", route, answer.status, seconds)
        self._lines.note("POST", route, answer.status, seconds)
        if first and (once := to_keep(passage)):
            await self._once.end(once, stored(answer, once.body))

    async def _before(self, once: Once) -> Answer | None:
        """What the same request was told before, or why it cannot be asked; None for the first."""
        try:
            first = await self._once.begin(once)
        except Refused as refused:
            return problem_answer(refused.refusal)
        except Exception as error:
            log.error("fault", trace=trace_of(error))
            return problem_answer(OurFault())
        return None if first is None else first.again


def to_keep(passage: Passage) -> Once | None:
    """The request when its answer is to be kept here, not by its decision."""
    return None if passage.call.keeps else passage.asked.once
