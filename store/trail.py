"""A bounded trail of notes in the store: the newest `rows_max`, gone `ttl_ms` after the last one.

Plain commands without the gate: what is noted here describes decisions and never makes one, and must go on
while a shard does not sell.
"""

from typing import Any, Final

import msgspec
from redis.exceptions import ResponseError

from store.connection import ERRORS, Store
from store.unavailable import StoreUnavailable

FIELD: Final = b"b"


class Note(msgspec.Struct, frozen=True):
    """`id` is `<ms>-<n>`, rising."""

    id: str
    body: bytes

    @property
    def at_ms(self) -> int:
        return int(self.id.split("-")[0])


class Trail:
    """One stream. Every call answers or raises StoreUnavailable."""

    def __init__(self, store: Store, key: str, *, rows_max: int, ttl_ms: int) -> None:
        self._client: Any = store.client
        self._key = key
        self._rows_max = rows_max
        self._ttl_ms = ttl_ms

    async def note(self, body: bytes, at_ms: int | None = None) -> bool:
        """Adds a note of now, or of `at_ms`; False when one of that moment or a later one is there already.

        So of several that note the same moment, the first is kept and the others do no harm.
        """
        try:
            async with self._client.pipeline(transaction=True) as pipe:
                name = "*" if at_ms is None else f"{at_ms}-1"
                pipe.xadd(self._key, {FIELD: body}, id=name, maxlen=self._rows_max, approximate=True)
                pipe.pexpire(self._key, self._ttl_ms)
                added, _ = await pipe.execute(raise_on_error=False)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        if isinstance(added, ResponseError) and "equal or smaller" in str(added):
            return False
        if isinstance(added, Exception):
            raise StoreUnavailable(str(added)) from added
        return True

    async def after(self, id: str, rows_max: int) -> list[Note]:
        """The first notes behind this id, in order."""
        return await self._range(self._client.xrange, f"({id}", "+", rows_max)

    async def newest(self, rows_max: int) -> list[Note]:
        """The last notes, in order."""
        return (await self._range(self._client.xrevrange, "+", "-", rows_max))[::-1]

    async def forget(self, notes: list[Note]) -> None:
        try:
            if notes:
                await self._client.xdel(self._key, *(note.id for note in notes))
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    async def _range(self, ask: Any, first: str, last: str, rows_max: int) -> list[Note]:
        try:
            found = await ask(self._key, first, last, count=rows_max)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return [Note(id.decode(), fields[FIELD]) for id, fields in found]
