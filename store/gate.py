"""How a shard stands, as its gate in the store tells it."""

import msgspec

from store import keys
from store.connection import Store


class GateState(msgspec.Struct, frozen=True, array_like=True, tag="STATE"):
    """`epoch` 0: never opened, or lost. `version` is the outbox's, `now_ms` the shard's highest time."""

    is_open: bool
    epoch: int
    version: int
    now_ms: int


async def gate_state(store: Store, shard: int) -> GateState:
    """As it stands now, whether it is open or not; raises StoreUnavailable."""
    answer = await store.call("gate_state", [keys.shard(shard)], [])
    return msgspec.msgpack.decode(answer, type=GateState)
