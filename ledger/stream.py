"""A shard's stream as the ledger reads it: in order, after a version, never losing what is not written down.

`XTRIM MINID` keeps the record at the cursor itself, so that the gate can compare it with the ledger.
"""

from typing import Any, Final

import msgspec

from allocator.outbox import checksum
from store import keys
from store.connection import ERRORS, Store
from store.unavailable import StoreUnavailable

SUM_LENGTH_MAX: Final = 64
Fields = dict[bytes, bytes] | list[bytes]
"""By name, or as they travel: name, value, name, value."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry as found, not yet believed; `size_bytes` bounds what a batch keeps in memory."""

    shard: int
    version: int
    kind: str
    body: bytes
    sum: str

    @property
    def size_bytes(self) -> int:
        return len(self.body) + len(self.kind) + len(self.sum)

    def is_whole(self) -> bool:
        return checksum(self.version, self.kind, self.body) == self.sum


class Stream:
    """The stream of one shard; every call answers or raises StoreUnavailable."""

    def __init__(self, store: Store, shard: int) -> None:
        self._store = store
        self._client: Any = store.client
        self._key = keys.outbox(shard)
        self.shard = shard

    async def after(self, version: int, *, rows_max: int, block_ms: int | None = None) -> list[Entry]:
        """Up to `rows_max` entries behind `version`; waits up to `block_ms` for the first one."""
        try:
            if block_ms is None:
                behind = (self._key, f"({version}-0", "+", "COUNT", rows_max)
                found = await self._store.command("XRANGE", *behind)
            else:
                read = await self._client.xread({self._key: f"{version}-0"}, count=rows_max, block=block_ms)
                found = [entry for _, entries in read or [] for entry in entries]
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return [self._entry(key, fields) for key, fields in found]

    async def settle(self) -> None:
        """Return once all that was read outlives its master: nobody writes down what a failover undoes."""
        await self._store.settle(self._key)

    async def at(self, version: int) -> Entry | None:
        """The entry of exactly this version, if the stream still has it."""
        try:
            found = await self._client.xrange(self._key, f"{version}-0", f"{version}-0", count=1)
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return self._entry(*found[0]) if found else None

    async def newest(self) -> int:
        """The version that the shard says its stream has reached; 0 when nothing was ever written."""
        try:
            version = await self._client.hget(keys.shard(self.shard), "version")
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error
        return int(version or 0)

    async def trim(self, version: int) -> None:
        """Forget what is older than `version`, which stands in Postgres; the entry itself stays."""
        try:
            await self._store.command("XTRIM", self._key, "MINID", f"{version}-0")
        except ERRORS as error:
            raise StoreUnavailable(str(error)) from error

    def _entry(self, key: bytes, told: Fields) -> Entry:
        """A missing field becomes an empty one, whose checksum cannot fit."""
        fields = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2], strict=True))
        kind = fields.get(b"kind", b"").decode("utf-8", "replace")
        found = fields.get(b"sum", b"").decode("ascii", "replace")[:SUM_LENGTH_MAX]
        return Entry(self.shard, int(key.split(b"-")[0]), kind, fields.get(b"body", b""), found)
