"""Strikes: every kind of fault, aimed at the moment between a write and its answer."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec

from tests.fault_aim import PATIENCE_S, Blow, at_a_call, come_true
from tests.fault_engines import UNLIMITED, Kept
from tests.fault_kinds import Kind
from tests.fault_link import Link
from tests.fault_stack import Stack, wal_bytes
from tests.fault_talk import Call

QUIET_S: Final = 0.5
STRUCK_S: Final = 6.0
SHARED_MEMORY_BYTES: Final = 4 << 20
HOUR_MS: Final = 3_600_000
SOLD: Final = ("hold", "order", "confirm", "release", "claim", "join", "finish")
BOOKED: Final = ("COPY", "COMMIT", "SYNC")


Strike = Callable[[Stack, Kind, random.Random], Awaitable[Blow]]


async def kill(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """SIGKILL while a call of the victim, or to it, is open."""
    link, fits = _calls_of(stack, kind)

    def now(call: Call | None) -> None:
        match kind.target:
            case "valkey" | "postgres":
                _engine(stack, kind).signal(signal.SIGKILL)
            case "all":
                for kept in (stack.valkey, stack.postgres):
                    kept.signal(signal.SIGKILL)
                stack.kill_up()
            case _:
                _signal(_victim(stack, kind, call), signal.SIGKILL)

    blow = await at_a_call(link, fits, dice, now)
    if kind.target == "all":
        await _start_again(stack)
    return blow


async def power(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """Power loss: Valkey is killed, and its journal loses bytes that nobody was told to be on disk.

    Questions wait until every answer is out: what the journal holds then is on disk. Then they are let
    through and no answer is passed on any more, so whatever is written from here may be lost or torn.
    """
    kept, link, journal = stack.valkey, stack.store, stack.journal
    kept.held = True
    try:
        certain = await _certain_bytes(stack, dice)
        path = journal.newest()
        link.mute = stack.appendfsync == "always"
        link.resume()
        await come_true(
            lambda: journal.size() > certain and bool(link.changing() or link.withheld), PATIENCE_S
        )
        await asyncio.sleep(dice.choice((0.0, 0.002, 0.01, 0.05)))
        open_calls = len(link.changing()) + len(link.withheld)
        kept.signal(signal.SIGKILL)
        await asyncio.to_thread(kept.wait)
        written = path.stat().st_size - certain
        gone = journal.cut(path, certain + (0 if dice.random() < 0.4 else dice.randrange(max(written, 1))))
        stack.unlearnt.clear()
        if not link.mute:  # under `everysec` answers are out before their bytes are on disk
            open_calls += 1
        return Blow(open_calls if gone else 0, gone > 0, f"{gone} of {written} unsynced bytes cut")
    finally:
        link.paused = link.mute = kept.held = False
        link.withheld.clear()
        link.cut()


async def stop(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """SIGSTOP while a call is open, SIGCONT some time later: shorter and longer than any time-out."""
    link, fits = _calls_of(stack, kind)
    stopped: list[int] = []

    def now(call: Call | None) -> None:
        engine = kind.target in ("valkey", "postgres")
        stopped.extend(_engine(stack, kind).pids() if engine else [_victim(stack, kind, call)])
        for pid in stopped:
            _signal(pid, signal.SIGSTOP)

    blow = await at_a_call(link, fits, dice, now, at="question")
    still_s = dice.uniform(0.3, 4.0)
    await asyncio.sleep(still_s)
    for pid in stopped:
        _signal(pid, signal.SIGCONT)
    return msgspec.structs.replace(blow, note=f"{blow.note}, stood still for {still_s:.1f} s")


async def cut(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """Every connection closed at once; new ones are refused for a while."""
    link, fits = _calls_of(stack, kind)

    def now(_: Call | None) -> None:
        link.shut = True
        link.cut()

    blow = await at_a_call(link, fits, dice, now)
    await asyncio.sleep(dice.uniform(0.2, 2.0))
    link.shut = False
    return blow


async def drop(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """Questions arrive and are carried out, answers get lost; then the connections break."""
    link, fits = _calls_of(stack, kind)

    def now(_: Call | None) -> None:
        link.mute = True

    blow = await at_a_call(link, fits, dice, now, at="question")
    await asyncio.sleep(dice.uniform(0.3, 3.0))
    lost = len(link.withheld)
    link.shut = True
    link.cut()
    link.mute = link.shut = False
    link.withheld.clear()
    return Blow(max(blow.open_calls, lost), blow.aimed, f"{lost} answers lost")


async def slow(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """Every answer comes late: at first a little, then beyond the time-out."""
    link, fits = _calls_of(stack, kind)

    def now(_: Call | None) -> None:
        link.delay_s = dice.uniform(0.05, 0.4)

    blow = await at_a_call(link, fits, dice, now, at="question")
    await asyncio.sleep(1.5)
    link.delay_s = 2.5
    await asyncio.sleep(1.0)
    link.delay_s = 0.0
    link.cut()
    return blow


async def full(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """No file may grow: Valkey ends itself rather than answer, Postgres as well; so until there is room.

    Postgres keeps its shared memory in files too, which are of no disk: they get room enough.
    """
    link, fits = _calls_of(stack, kind)
    kept = _engine(stack, kind)
    deaths, open_calls = kept.deaths(), 0
    room = max(await wal_bytes(stack), SHARED_MEMORY_BYTES) if kind.target == "postgres" else 0

    def now(_: Call | None) -> None:
        kept.limit(stack.journal.size() + dice.randrange(2000) if kind.target == "valkey" else room)

    blow = await at_a_call(link, fits, dice, now, at="question")

    def struck() -> bool:
        nonlocal open_calls
        open_calls = max(open_calls, len(link.changing()))
        return kept.deaths() > deaths

    died = await come_true(struck, STRUCK_S)
    await asyncio.sleep(1.0)
    kept.limit(UNLIMITED)
    if not await asyncio.to_thread(kept.engine.answers):
        kept.signal(
            signal.SIGKILL
        )  # as one does who has made room: Postgres may wait for ever where it gave up
    return Blow(open_calls if died else 0, blow.aimed, "the server ended itself" if died else "it lived on")


async def step(stack: Stack, kind: Kind, dice: random.Random) -> Blow:
    """The time that all processes follow jumps, while a tick of the batch clock is open."""
    sign = 1 if kind.does == "ahead" else -1
    by_ms = sign * dice.choice((5_000, 20_000, HOUR_MS))

    def now(_: Call | None) -> None:
        stack.shift_ms += by_ms

    blow = await at_a_call(stack.store, lambda call: call.verb == "admit", dice, now, at="question")
    await asyncio.sleep(1.5)  # every process asks for the time once a second
    return msgspec.structs.replace(blow, note=f"by {by_ms // 1000} s, now off by {stack.shift_ms // 1000} s")


STRIKES: Final[dict[str, Strike]] = {
    "kill": kill,
    "power": power,
    "stop": stop,
    "cut": cut,
    "drop": drop,
    "slow": slow,
    "full": full,
    "ahead": step,
    "back": step,
}


def _calls_of(stack: Stack, kind: Kind) -> tuple[Link, Callable[[Call], bool]]:
    """The link to watch, and the calls in whose middle this kind is to strike."""
    match kind.target:
        case "postgres":
            return stack.ledger, lambda call: call.changes
        case "writer":
            writer = stack.pid("writer")
            return stack.ledger, lambda call: call.pid == writer and call.changes and call.verb in BOOKED
        case "clock":
            clock = stack.pid("admit")
            return stack.store, lambda call: call.pid == clock and call.changes
        case "worker":
            workers = frozenset(stack.workers())
            return stack.store, lambda call: call.pid in workers and call.verb in SOLD
        case "doors":
            return stack.doors, lambda call: call.changes
        case _:
            return stack.store, lambda call: call.verb in SOLD


def _engine(stack: Stack, kind: Kind) -> Kept:
    return stack.valkey if kind.target == "valkey" else stack.postgres


def _victim(stack: Stack, kind: Kind, call: Call | None) -> int:
    if call is not None:
        return call.pid
    names = {"writer": "writer", "clock": "admit", "worker": "api-1"}
    return stack.pid(names[kind.target])


async def _certain_bytes(stack: Stack, dice: random.Random) -> int:
    """How much of the journal is on disk for certain, by the policy that Valkey runs under."""
    if stack.appendfsync == "always":
        stack.store.pause()
        await come_true(lambda: not stack.store.changing(), QUIET_S)
        return stack.journal.size()
    size = stack.journal.size()
    # `everysec` syncs once a second, so that at any moment what came in the last second may not be on disk.
    await asyncio.sleep(dice.random())
    return size


async def _start_again(stack: Stack) -> None:
    """Everything was killed: the engines come back by themselves, `usher up` when they answer."""
    await asyncio.to_thread(stack.valkey.wait)
    await stack.answer(60)
    stack.start_up()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
