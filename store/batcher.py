"""The micro-batcher: decisions that arrive while a call is in flight travel together in the next one.

A Python client spends about 40 us on a call and the server 1-2 us on a decision, so the calls are what costs.
Each (verb, shard) is a lane with one call in flight, or a few when many wait: the process then works for some
of its callers while the others wait for the disk. What arrives in one turn of the event loop, or while the
lane waits, goes out as one FCALL. Every decision is answered on its own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from store import kept
from store.unavailable import StoreUnavailable
from store.version import Version, unfold

Key = str | bytes
Group = tuple[Key, ...]
Answer = list[Any]
Ask = Callable[[str, list[Key], list[bytes]], Awaitable[bytes]]
"""Verb, keys, packed batch and, if some came with a key, what is to be kept -> packed answers; raises
StoreUnavailable."""
WAITING_MIN: Final = (1, 4, 16)
"""So many decisions wait before a lane's first, second and third call is in flight."""
CLOSED: Final = "the store was closed"


class Decision(asyncio.Future[Answer]):
    """An answer to come, [WORD, *fields]; once it has come, `version` is that of the decision."""

    version: Version


Waiting = tuple[Group, Sequence[Any], Decision, kept.Once | None]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`batch_max` decisions a call; `queue_max` decisions waiting in one lane, more are refused at once."""

    batch_max: int = 128
    queue_max: int = 4096


class Lane:
    """The decisions of one verb on one shard."""

    def __init__(
        self, verb: str, shard: int, fixed: Group, ask: Ask, limits: Limits, *, columns: bool = False
    ) -> None:
        self.fixed = fixed
        self._shard = shard
        self._columns = columns
        self._verb = verb
        self._ask = ask
        self._limits = limits
        self._waiting: deque[Waiting] = deque()
        self._pumps: set[asyncio.Task[None]] = set()
        self._is_starting = False
        self._is_closed = False

    def decide(self, group: Group, decision: Sequence[Any], once: kept.Once | None = None) -> Decision:
        if self._is_closed:
            raise StoreUnavailable(CLOSED)
        if len(self._waiting) >= self._limits.queue_max:
            raise StoreUnavailable(f"{self._limits.queue_max} decisions wait for {self._verb}")
        future = Decision(loop=asyncio.get_running_loop())
        self._waiting.append((group, decision, future, once))
        self._start()
        return future

    async def close(self) -> None:
        """Refuse what still waits; what is in flight keeps its unknown outcome."""
        self._is_closed = True
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._refuse_waiting()  # A pump that was cancelled before it began has not done so.

    def _start(self) -> None:
        """One more call, when enough wait for it."""
        in_flight = len(self._pumps)
        is_due = in_flight < len(WAITING_MIN) and len(self._waiting) >= WAITING_MIN[in_flight]
        if is_due and not self._is_starting:
            # The task starts only after all that is ready in this turn of the loop has joined the batch.
            self._is_starting = True
            self._pumps.add(asyncio.get_running_loop().create_task(self._run()))

    async def _run(self) -> None:
        pump = asyncio.current_task()
        assert pump is not None
        self._is_starting = False
        batch: list[Waiting] = []
        try:
            while batch := self._take():
                self._start()  # More may have come in one turn than one call takes.
                await self._settle(batch)
        finally:
            self._pumps.discard(pump)
            _refuse(batch, StoreUnavailable(CLOSED))
            if not self._pumps:
                self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        _refuse(self._waiting, StoreUnavailable(CLOSED))
        self._waiting.clear()

    def _take(self) -> list[Waiting]:
        """The next decisions whose askers still wait, at most `batch_max`."""
        batch: list[Waiting] = []
        while self._waiting and len(batch) < self._limits.batch_max:
            waiting = self._waiting.popleft()
            if not waiting[2].done():
                batch.append(waiting)
        return batch

    async def _settle(self, batch: list[Waiting]) -> None:
        """Ask once for the whole batch and give each its answer, or all the same failure."""
        try:
            keys, args = _pack(self.fixed, batch, self._columns)
            if asked := [(place, waiting[3]) for place, waiting in enumerate(batch, 1) if waiting[3]]:
                keys += [once.key(self._shard) for _, once in asked]
                args.append(b"".join([once.asked(place) for place, once in asked]))
            told = unfold(await self._ask(self._verb, keys, args))
            if told is None:
                raise StoreUnavailable("the gate is closed")
            *turn, answers = told
            assert len(answers) == len(batch), (
                f"{self._verb}: {len(answers)} answers to {len(batch)} decisions"
            )
            self._answer(batch, answers, *turn)
        except Exception as error:  # whoever asked must hear of it; the lane goes on
            _refuse(batch, error)

    def _answer(self, batch: list[Waiting], answers: list[Any], epoch: int, turn: int, at_ms: int) -> None:
        for place, ((_, _, future, once), answer) in enumerate(zip(batch, answers, strict=True)):
            if future.done():
                continue
            if once is not None and answer == kept.MISMATCH:
                future.set_exception(kept.OtherBody())
                continue
            if once is not None and isinstance(answer, list) and answer[0] == kept.WORD:
                future.version, answer = kept.first_of(self._shard, answer)
            else:
                future.version = Version(self._shard, epoch, turn, place, at_ms)
            future.set_result(answer)


class Batcher:
    """All lanes of a store."""

    def __init__(self, ask: Ask, limits: Limits) -> None:
        self._ask = ask
        self._limits = limits
        self._lanes: dict[tuple[str, int], Lane] = {}

    def decide(
        self,
        verb: str,
        shard: int,
        fixed: Group,
        group: Group,
        decision: Sequence[Any],
        *,
        columns: bool = False,
        once: kept.Once | None = None,
    ) -> Decision:
        lane = self._lanes.get((verb, shard))
        if lane is None:
            lane = self._lanes[verb, shard] = Lane(
                verb, shard, fixed, self._ask, self._limits, columns=columns
            )
        assert lane.fixed == fixed, f"{verb} on shard {shard} has other fixed keys"
        return lane.decide(group, decision, once)

    async def close(self) -> None:
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


def _pack(fixed: Group, batch: list[Waiting], columns: bool) -> tuple[list[Key], list[bytes]]:
    """KEYS = fixed keys, then each distinct group's; a decision = [number of its group, from 0, *fields].

    By columns: a list of all first fields, one of all second fields, ..., which Lua reads much faster.
    """
    groups: dict[Group, int] = {}
    rows = [[groups.setdefault(group, len(groups)), *decision] for group, decision, *_ in batch]
    told = list(zip(*rows, strict=True)) if columns else rows
    return [*fixed, *chain.from_iterable(groups)], [msgspec.msgpack.encode(told)]


def _refuse(batch: Iterable[Waiting], error: Exception) -> None:
    for _, _, future, _ in batch:
        if not future.done():
            future.set_exception(error)
