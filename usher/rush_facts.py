"""What a rush saw: the facts that the proofs judge, as plain values.

Facts come from three independent sides: the clients (receipts, refusals, visits, polls), Valkey (records,
boards, logs, samples) and Postgres (orders, tickets, movements). Times are milliseconds of the store's clock.
"""

import msgspec

Seat = tuple[str, str]
"""(showtime, seat name)"""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a client was told is confirmed."""

    order: str
    showtime: str
    seats: tuple[str, ...]
    amount: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed order as an engine keeps it; `prices` go with `seats`."""

    order: str
    showtime: str
    seats: tuple[str, ...]
    prices: tuple[int, ...]
    fees: int
    amount: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """`no-fit` or `sold-out` as told to a client; `version` of the board it was decided on, -1 if untold."""

    word: str
    showtime: str
    category: str | None
    count: int
    split: bool
    version: int


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as the oracle sees it: category of every seat in plan order, and the runs of neighbours."""

    categories: tuple[str, ...]
    runs: tuple[tuple[int, ...], ...]


class Visit(msgspec.Struct, frozen=True):
    """A pass that was alive for certain: from its receipt until its holder began to give it up."""

    entry: int
    from_ms: int
    to_ms: int


class LogRecord(msgspec.Struct, frozen=True):
    """One record of the waiting room's log, see `waiting_room.admissions`: `i` invited, `c` capacity ..."""

    kind: str
    entry: int
    at_ms: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One place in line as its fan saw it: receipt times of the answers that said `waiting`, ascending.

    `told` is the rank the doors named, None if the fan was called before they could.
    """

    entry: int
    told: int | None
    polls_ms: tuple[int, ...]


class Movement(msgspec.Struct, frozen=True):
    """One movement of the ledger with the signed amounts of its entries, per currency."""

    name: str
    amounts: tuple[tuple[str, int], ...]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the proofs need.

    `ranks`: entry -> rank by the revealed seed; `committed`: its digest was shown before anyone joined.
    `boards`: (showtime, version) -> one byte per seat, `.` free.
    `crowded`: the most fans invited or inside at once that a sample of the store showed.

    `troubles_ms`: spans in which some door or engine did not answer; presence is not claimed from them.
    """

    capacity: int
    presence_ms: int
    receipts: tuple[Receipt, ...]
    in_valkey: tuple[Order, ...]
    in_postgres: tuple[Order, ...]
    movements: tuple[Movement, ...]
    refusals: tuple[Refusal, ...]
    halls: dict[str, Hall]
    boards: dict[tuple[str, int], bytes]
    visits: tuple[Visit, ...]
    crowded: int
    waiting: tuple[Waiting, ...]
    log: tuple[LogRecord, ...]
    ranks: dict[int, int]
    committed: bool
    troubles_ms: tuple[tuple[int, int], ...]


class Finding(msgspec.Struct, frozen=True):
    """Outcome of one proof: `wrong` must be 0; `checked` says how much it could look at."""

    wrong: int
    checked: int
    examples: tuple[str, ...] = ()
