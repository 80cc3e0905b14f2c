"""The store on every engine it promises: the embedded Valkey, Redis 7 and a Valkey Cluster."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from redis.asyncio import Redis

from store import keys
from store.connection import Store
from store.functions import Library
from store.gate import GateState, gate_state
from store.nodes import client_of
from store.refusal import Refusal, refusal_of
from store.unavailable import StoreUnavailable
from tests.cluster import Cluster
from tests.conftest import WaitUntil
from tests.server import Server

SHARDS: Final = range(8)
TALLY: Final = Library(Path(__file__).parent / "lua")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Valkey of the test's own, to be maltreated."""
    started = Server(tmp_path / "own").start()
    yield started
    started.kill()


@pytest.fixture(params=["valkey", "redis", "cluster"])
async def anywhere(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store with the counting verb, on each engine; emptied afterwards."""
    if request.param == "valkey":
        url = request.getfixturevalue("valkey_url")
    else:
        url = request.getfixturevalue({"redis": "redis_7", "cluster": "cluster"}[request.param]).url
    store = await Store.connect(url, library=TALLY)
    yield store
    await everywhere(store, "FLUSHALL")
    await store.close()


async def everywhere(store: Store, *command: str) -> None:
    for execute in await store._nodes.masters():
        await execute(*command)


async def count(store: Store, request: str, shard: int = 1) -> list[Any]:
    return await store.decide(
        "tally",
        shard=shard,
        fixed=(keys.shard(shard),),
        group=(keys.show(shard, "a"),),
        decision=(request, 1, 1000),
    )


@asynccontextmanager
async def speaking(words: str) -> AsyncIterator[str]:
    """A server that answers everything with one error."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(f"{words}\r\n".encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield f"valkey://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def test_every_shard_decides(anywhere: Store) -> None:
    for shard in SHARDS:
        assert (await anywhere.open_gate(shard, 0))[0] == "OPENED"
        assert await count(anywhere, "one", shard) == ["COUNTED", 1]
        assert await count(anywhere, "one", shard) == ["REPLAYED", 1]


async def test_what_the_gate_answers(anywhere: Store) -> None:
    assert await gate_state(anywhere, 1) == GateState(is_open=False, epoch=0, version=0, now_ms=0)
    assert await anywhere.open_gate(1, 7) == ["DIFFERS", 0]
    word, epoch = await anywhere.open_gate(1, 0)
    assert word == "OPENED"
    assert 0 <= anywhere.clock.now_ms() // 1000 - epoch < 3600
    assert await anywhere.open_gate(1, 7) == ["ALREADY", epoch]
    state = await gate_state(anywhere, 1)
    assert (state.is_open, state.epoch, state.version) == (True, epoch, 0)


@pytest.mark.parametrize("fault", ["FLUSHALL", "FUNCTION FLUSH", "another library", "the epoch of a backup"])
async def test_the_gate_closes_by_itself(anywhere: Store, fault: str) -> None:
    await anywhere.open_gate(1, 0)
    await count(anywhere, "before")
    if fault == "another library":
        for execute in await anywhere._nodes.masters():
            await execute("FUNCTION", "LOAD", "REPLACE", Library().text)
    elif fault == "the epoch of a backup":
        await anywhere.client.hset(keys.shard(1), "epoch", "0")
    else:
        await everywhere(anywhere, *fault.split())
    with pytest.raises(StoreUnavailable):
        await count(anywhere, "closed")
    with pytest.raises(StoreUnavailable, match="the gate is closed"):
        await count(anywhere, "still closed")
    assert not (await gate_state(anywhere, 1)).is_open
    assert (await anywhere.open_gate(1, 0))[0] == "OPENED"
    assert (await count(anywhere, "after"))[0] == "COUNTED"


async def test_an_unchanged_library_is_not_loaded_again(anywhere: Store) -> None:
    await anywhere.open_gate(1, 0)
    await anywhere.load()
    assert (await gate_state(anywhere, 1)).is_open


async def test_a_killed_server_comes_back_closed(server: Server, wait_until: WaitUntil) -> None:
    store = await Store.connect(server.url, library=TALLY)
    await store.open_gate(1, 0)
    assert await count(store, "one") == ["COUNTED", 1]
    server.kill()
    with pytest.raises(StoreUnavailable):
        await count(store, "two")
    server.start()
    with pytest.raises(StoreUnavailable, match="the gate is closed"):
        await count(store, "two")
    state = await gate_state(store, 1)
    assert (state.is_open, state.version) == (False, 0)
    assert (await store.open_gate(1, 0))[1] > state.epoch
    assert await count(store, "one") == ["REPLAYED", 1]
    await store.close()


async def test_time_never_runs_backwards(server: Server) -> None:
    store = await Store.connect(server.url, library=TALLY)
    await store.open_gate(1, 0)
    await store.client.hset(keys.shard(1), "now_ms", "4000000000000")
    await count(store, "one")
    assert (await gate_state(store, 1)).now_ms == 4_000_000_000_000
    await store.client.hset(keys.shard(1), "now_ms", "1")
    await count(store, "two")
    assert abs((await gate_state(store, 1)).now_ms - store.clock.now_ms()) < 1000
    await store.close()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), "command not allowed when used memory"),
        (("REPLICAOF", "127.0.0.1", "1"), "write against a read only replica|MASTERDOWN|Link with MASTER"),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), "NOREPLICAS"),
        (("FUNCTION", "DELETE", "usher"), "function is not loaded"),
        (("CONFIG", "SET", "requirepass", "changed"), "nothing ran"),
    ],
)
async def test_a_definite_refusal_is_an_outage(server: Server, fault: tuple[str, ...], code: str) -> None:
    store = await Store.connect(server.url, library=TALLY)
    await store.open_gate(1, 0)
    await store.client.execute_command(*fault)
    if "requirepass" in fault:
        await store.client.execute_command("CLIENT", "KILL", "SKIPME", "no", "TYPE", "normal")
    with pytest.raises(StoreUnavailable, match=code):
        await count(store, "one")
    await store.close()


async def test_a_busy_server_is_an_outage(server: Server, wait_until: WaitUntil) -> None:
    store = await Store.connect(server.url, library=TALLY, timeout_ms=5000)
    await store.client.config_set("lua-time-limit", "1")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"EVAL 'while true do end' 0\r\n")

    async def busy() -> bool:
        answer = (await asyncio.gather(gate_state(store, 1), return_exceptions=True))[0]
        return isinstance(answer, StoreUnavailable) and "BUSY" in str(answer)

    assert await wait_until(busy)
    await store.client.script_kill()
    await reader.readline()
    writer.close()
    await store.close()


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("-LOADING Valkey is loading the dataset in memory", Refusal.BEFORE_THE_RUN),
        ("-MISCONF Errors writing to the AOF file", Refusal.BEFORE_THE_RUN),
        ("-CLUSTERDOWN Hash slot not served", Refusal.BEFORE_THE_RUN),
        ("-MOVED 1 127.0.0.1:1", Refusal.BEFORE_THE_RUN),
        ("-NOSCRIPT No matching script", Refusal.NO_LIBRARY),
        ("-ERR Function not found", Refusal.NO_LIBRARY),
        ("-ERR user_function:3: attempt to index a nil value", None),
        ("-WRONGTYPE Operation against a key", None),
    ],
)
async def test_what_an_error_means(words: str, meaning: Refusal | None) -> None:
    async with speaking(words) as url:
        client = client_of(url, 1)
        error: object = (await asyncio.gather(client.ping(), return_exceptions=True))[0]
        assert isinstance(error, Exception)
        assert refusal_of(error) is meaning
        await client.aclose()


async def test_a_slot_that_moved_is_followed(cluster: Cluster) -> None:
    store = await Store.connect(cluster.url, library=TALLY)
    slot = cluster.tell(0, "CLUSTER", "KEYSLOT", keys.shard(40))
    owner = 3 * slot // 16_384
    other = (owner + 1) % 3
    new_owner = cluster.tell(other, "CLUSTER", "MYID")
    for number in (other, owner):
        cluster.tell(number, "CLUSTER", "SETSLOT", slot, "NODE", new_owner)
    assert (await store.open_gate(40, 0))[0] == "OPENED"
    assert await count(store, "one", 40) == ["COUNTED", 1]
    await everywhere(store, "FLUSHALL")
    await store.close()


@pytest.mark.parametrize("anywhere", ["redis", "cluster"], indirect=True)
async def test_a_stuck_server_is_asked_at_most_twice(anywhere: Store, request: pytest.FixtureRequest) -> None:
    """No client repeats by itself, in a cluster neither: see what the server finds when it wakes."""
    await anywhere.open_gate(1, 0)
    url = request.getfixturevalue("redis_7" if isinstance(anywhere.client, Redis) else "cluster").url
    # Its clock is given: asking for the time would hold the open connection, and a new one gets no further.
    hasty = await Store.connect(url, library=TALLY, timeout_ms=300, clock=anywhere.clock)
    execute = await anywhere._nodes.master_of(keys.shard(1))
    about = await execute("INFO", "server")
    await execute("CONFIG", "RESETSTAT")
    os.kill(process := int(about["process_id"]), signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match="it may have run"):
            await count(hasty, "late")
    finally:
        os.kill(process, signal.SIGCONT)
    await knock(int(about["tcp_port"]))
    assert (await execute("INFO", "commandstats"))["cmdstat_fcall"]["calls"] <= 2
    assert await count(anywhere, "late") == ["REPLAYED", 1]
    await hasty.close()


async def knock(port: int) -> None:
    """Connections are heard in the order in which they came: once this one is, all before it were."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PING\r\n")
    assert await reader.readline() == b"+PONG\r\n"
    writer.close()
    await writer.wait_closed()


async def test_nobody_there_is_an_outage() -> None:
    for url in ("valkey://127.0.0.1:1", "unix:///nowhere", "valkey://127.0.0.1:1?cluster=true"):
        with pytest.raises(StoreUnavailable):
            await Store.connect(url, library=TALLY)
