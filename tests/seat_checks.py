"""What must hold of the seats after every test: one owner each, and a deadline for each hold."""

from typing import Any

import redis

from allocator.record import read_records

OWNING = {"held": "h", "awaiting": "h", "confirmed": "s"}
STATE, DEADLINE_MS, SEATS, PAY_BY_MS = 0, 3, 5, 7  # places in a record, see allocator/lua/record.lua


def seats_are_in_order(valkey: redis.Redis) -> None:
    """No seat has two owners, no hold lacks its deadline, and boards say what the records say."""
    for raw in valkey.scan_iter("usher:{s*}:show:*:board", count=1000):
        show = raw.decode().removesuffix(":board")
        known: Any = valkey.hgetall(show)
        if b"definition" in known:
            records = _records(valkey, show)
            _check_owners(show, _seats(valkey, show), records)
            _check_deadlines(valkey, show, records)


def _records(valkey: redis.Redis, show: str) -> dict[str, list[Any]]:
    packed: Any = valkey.hgetall(f"{show}:holds")
    return read_records(packed.items())


def _seats(valkey: redis.Redis, show: str) -> str:
    board: Any = valkey.get(f"{show}:board")
    return str(board.decode())


def _check_owners(show: str, seats: str, records: dict[str, list[Any]]) -> None:
    owner: dict[int, str] = {}
    for token, record in records.items():
        for seat in record[SEATS] if record[STATE] in OWNING else ():
            assert seat not in owner, f"{show}: seat {seat} belongs to {owner[seat]} and {token}"
            owner[seat] = token
            assert seats[seat] == OWNING[record[STATE]], f"{show}: seat {seat} is not {record[STATE]}"
    for seat, letter in enumerate(seats):
        # A rebuilt store knows what is sold, but the orders are in the ledger alone.
        assert letter != "h" or seat in owner, f"{show}: seat {seat} is held by nobody"


def _check_deadlines(valkey: redis.Redis, show: str, records: dict[str, list[Any]]) -> None:
    entries: Any = valkey.zrange(f"{show}:deadlines", 0, -1, withscores=True)
    alone = {entry.decode(): due for entry, due in entries}
    # An entry without a dash stands for the holds of one call.
    bundled: Any = valkey.hgetall(f"{show}:holds")
    shared = {
        token: due
        for entry, due in entries
        if b"-" not in entry and entry in bundled
        for token in read_records([(entry, bundled[entry])])
    }
    for token, record in records.items():
        due = alone.get(token, shared.get(token) if record[STATE] == "held" else None)
        if record[STATE] == "held":
            assert due == record[DEADLINE_MS], f"{show}: hold {token} lacks its deadline"
        elif record[STATE] == "awaiting":
            assert due == record[PAY_BY_MS], f"{show}: order {token} lacks its deadline"
        else:
            assert (due is None) == (record[STATE] == "confirmed"), f"{show}: {token} is never forgotten"
