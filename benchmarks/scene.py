"""A sale for a benchmark: delegated through the doors, with passes made as the waiting room would."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from allocator.sale import SaleId
from benchmarks.crowd import body_of, status_of
from benchmarks.hall import CATEGORIES, hall
from benchmarks.stack import Stack
from waiting_room.keyring import Keyring
from waiting_room.passes import Pass, Passes

SEATS_PER_FAN: Final = 6
PASS_S: Final = 3600


class Show(msgspec.Struct, frozen=True):
    """A showtime and how many pairs each of its categories surely gives."""

    id: str
    pairs: int


def delegate(
    stack: Stack, sale: str, *, shows: int, seats: int, opens_in_s: int = 0, open_: bool = True
) -> list[Show]:
    """A sale of so many showtimes in halls of about so many seats; open when this returns, if `open_`."""
    plan = hall(seats)
    stack.call("PUT", f"/v1/plans/hall-{seats}?format=usher", msgspec.json.encode(plan))
    opens_at = datetime.now(UTC) + timedelta(seconds=opens_in_s or 3600)
    body = {
        "title": sale,
        "opens_at": opens_at.isoformat(),
        "draw": True,
        "capacity": 1000,
        "shopping_s": 3600,
        "seats_per_fan": SEATS_PER_FAN,
        "identity": "guest",
        "presence_s": 30,
    }
    stack.call("PUT", f"/v1/sales/{sale}", body)
    for number in range(shows):
        stack.call("PUT", f"/v1/showtimes/{sale}-{number}", _showtime(sale, f"hall-{seats}"))
    if open_:
        open_sale(stack, sale)
    least = min(sum(one[2].category == key for one in plan.named_seats()) for key in CATEGORIES)
    return [Show(f"{sale}-{number}", least * 2 // 5) for number in range(shows)]


def open_sale(stack: Stack, sale: str) -> None:
    """Opens the sale and waits until the door knows."""
    stack.call("POST", f"/v1/sales/{sale}/open", {}, key=stack.settings.operator_key)
    until = time.monotonic() + 10
    while stack.call("GET", f"/v1/sales/{sale}")["state"] != "open":
        assert time.monotonic() < until, "the sale did not open"
        time.sleep(0.05)


def passes(stack: Stack, sale: str) -> Iterator[tuple[str, str]]:
    """(fan, pass): a new fan each time, whose pass no worker has seen."""
    write = Passes(Keyring.derive(stack.settings.secret.encode()).passes).write
    now_s, entry = int(time.time()), 0
    while True:
        fan = f"{entry:016x}"
        ends_ms = (now_s + PASS_S) * 1000
        granted = Pass(
            sale=SaleId(sale), fan=fan, entry=entry, issued_ms=now_s * 1000 - 1000, expires_ms=ends_ms
        )
        yield fan, write(granted)
        entry += 1


def wishes(shows: list[Show]) -> Iterator[tuple[str, str]]:
    """(showtime, category) of pairs that fit, the showtimes by turns; ends when the halls are nearly full."""
    for _ in range(min(show.pairs for show in shows)):
        for category in CATEGORIES:
            for show in shows:
                yield show.id, category


def check_held(replies: list[bytes]) -> None:
    """Every reply is a hold of two seats, and no seat of a showtime was given twice."""
    given: set[tuple[str, str]] = set()
    for reply in replies:
        assert status_of(reply) == 201, reply[:400]
        held = msgspec.json.decode(body_of(reply))
        show = held["hold"].rpartition("-")[0]
        seats = {(show, seat["seat"]) for seat in held["seats"]}
        assert len(seats) == 2, held
        assert not seats & given, "a seat was held twice"
        given |= seats


def _showtime(sale: str, plan: str) -> dict[str, object]:
    return {
        "sale": sale,
        "cinema": "Roxy",
        "auditorium": "1",
        "film": "Lantern",
        "starts_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        "plan": plan,
        "prices": dict.fromkeys(CATEGORIES, 5000),
        "service_fee": 300,
        "currency": "CNY",
        "orphans": "prefer",
    }
