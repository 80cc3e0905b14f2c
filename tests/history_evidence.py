"""What the store holds when all clients are done: the outbox, the holds nobody is sure of, the boards."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from allocator import token as tokens
from allocator.allocator import Allocator
from allocator.outbox import Confirmed, Reclaimed, Refunded, checksum, read_order, read_payment
from store import keys
from store.connection import Store
from tests.history_night import Night
from tests.history_op import UNKNOWN, Op
from tests.history_traces import Entry, Evidence, Found

PAGE: Final = 2000


async def evidence(store: Store, shard: int, nights: Iterable[Night], calls: list[Op]) -> Evidence:
    """`calls` of the shard: those without an answer are asked for."""
    allocator, mine = Allocator(store), {night.number: night for night in nights if night.shard == shard}
    found = Evidence(outbox=await outbox(store, shard))
    for night, token in sorted({(op.night, op.token) for op in calls if op.word == UNKNOWN and op.token}):
        record = await allocator.find(mine[night].show, mine[night].token(token))
        if record is not None:
            found.holds.append(
                Found(
                    token,
                    int(record.fan.partition("-")[2]),
                    record.entry,
                    record.deadline_ms,
                    list(record.seats),
                    record.together,
                    record.pay_by_ms,
                    record.state,
                )
            )
    for number, one in mine.items():
        found.boards[number] = (await allocator.board(one.show)).seats.decode()
    return found


async def outbox(store: Store, shard: int) -> list[Entry]:
    client: Any = store.client
    found: list[Entry] = []
    start = "-"
    while page := await client.xrange(keys.outbox(shard), start, "+", PAGE):
        found += [_entry(name, fields) for name, fields in page]
        start = f"({page[-1][0].decode()}"
    return found


def _entry(name: bytes, fields: dict[bytes, bytes]) -> Entry:
    version, kind, body = int(name.partition(b"-")[0]), fields[b"kind"].decode(), fields[b"body"]
    assert fields[b"sum"].decode() == checksum(version, kind, body), f"record {version} is damaged"
    if kind == "reclaimed":
        told = msgspec.msgpack.decode(body, type=Reclaimed)
        return Entry(version, kind, told.at_ms, int(told.showtime.partition("-")[2]))
    record: Confirmed | Refunded
    if kind == "confirmed":
        record = msgspec.msgpack.decode(body, type=Confirmed)
    else:
        record = msgspec.msgpack.decode(body, type=Refunded)
    order, payment = read_order(record.order), read_payment(record.payment)
    why = record.why if isinstance(record, Refunded) else ""
    serial, number = tokens.serial(order.token), number_of(order.token)
    assert serial is not None, "an order of no token"
    return Entry(version, kind, record.at_ms, serial - 1, number, int(payment.reference), why, payment.amount)


def number_of(token: str) -> int:
    """The number that the night made this token of."""
    number = 0
    for letter in token.partition("-")[2]:
        number = number * 32 + tokens.ALPHABET.index(letter)
    return number
