"""The small gate beside the doors: the calls of the turnstiles, let through from the bytes of a request.

It stands for all the layers in front of a turnstile, in their order: the meter, the Idempotency-Key, the
address. What it does not know in a request at the first look it leaves to them, before anything is done, and
so it does with the key of a call that does not take it along to its decision.
"""

import time
from collections.abc import Awaitable
from typing import Any

import msgspec

from api.access_log import AccessLog
from api.common_form import Post, post, post_pattern
from api.house import House
from api.idempotency import HEADER, KEY_CHARS_MAX, once_named
from api.meter import Tally
from api.replies import Answer
from api.rooms import Rooms
from api.turnstiles import Asked, Call, Unread, addressed, answered, is_plain
from store.kept import Once
from store.version import heard


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

    def __init__(self, house: House, tally: Tally, lines: AccessLog) -> None:
        self._house = house
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
        if key is not None and (len(key) > KEY_CHARS_MAX or not call.keeps):
            return None
        try:
            read = call.read(came.body)
        except Unread:
            return None
        once = None if key is None else self._once(came, key)
        return Passage(call, named, read, Asked(came.headers, once), rooms, began)

    def _once(self, came: Post, key: bytes) -> Once:
        caller, path = came.headers.get(b"authorization", b""), (self._root + came.path).encode()
        return once_named(caller, path, key, came.body, self._house.settings.limits.answer_ttl_s)

    def answer(self, passage: Passage) -> Awaitable[Answer]:
        """What is to be told."""
        heard.set(None)  # what an earlier request on this connection heard is not this one's
        return answered(passage.call, passage.named, passage.read, passage.asked, passage.rooms)

    def note(self, passage: Passage, answer: Answer) -> None:
        """Counts and logs what was told."""
        route, seconds = passage.call.route, time.perf_counter() - passage.began
        self._tally.count("POST", route, answer.status, seconds)
        self._lines.note("POST", route, answer.status, seconds)
