"""Delegates the sale of a rush through the doors, as a storefront would."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from allocator.halls import standard_hall
from allocator.importing import PlanFormat, read_plan
from allocator.plan import BadPlan, Plan
from usher.rush_door import Answer, Door
from usher.rush_scene import Terms

ORPHANS: Final = ("prefer", "strict", "off")
PRICES: Final = (4500, 6000, 8000, 12000)
SERVICE_FEE: Final = 300
POLLS_PER_S_MAX: Final = 1_500
"""Fans are told to poll three times in `presence_s`; the crowd and the doors share this machine's cores."""


class CannotDelegate(Exception):
    """There is no sale for the rush; the message says why, in the doors' words when they refused it."""


class PlanFile(msgspec.Struct, frozen=True):
    """The bytes as they go to the doors, and the plan that we read from them ourselves."""

    content: bytes
    format: PlanFormat
    plan: Plan


def plan_of(path: Path | None, format: PlanFormat | None) -> PlanFile:
    """The file's plan, or the generated standard hall; raises BadPlan."""
    content = path.read_bytes() if path else msgspec.json.encode(standard_hall())
    known = format or detect(content)
    return PlanFile(content, known, read_plan(content, known).plan)


def detect(content: bytes) -> PlanFormat:
    """Tells the three formats by their top-level names; raises BadPlan when none fits."""
    try:
        top = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise BadPlan("$", f"not JSON: {error}") from None
    formats: tuple[tuple[str, PlanFormat], ...] = (
        ("subChart", "seatsio"),
        ("zones", "pretix"),
        ("rows", "usher"),
    )
    for name, known in formats:
        if isinstance(top, dict) and name in top:
            return known
    raise BadPlan("$", "neither a seats.io chart, nor a pretix plan, nor one of ours")


def terms_of(name: str, fans: int, showtimes: int, plan: Plan, capacity: int | None) -> Terms:
    """A sale sized for the crowd: inside about an eighth of the seats, and times short enough to lapse."""
    seats = showtimes * sum(1 for _ in plan.named_seats())
    return Terms(
        sale=name,
        showtimes=tuple(f"{name}-s{number}" for number in range(1, showtimes + 1)),
        capacity=capacity or min(max(seats // 8, 10), max(fans // 4, 5), 600),
        seats_per_fan=6,
        claim_s=10,
        shopping_s=40,
        hold_s=6,
        pay_s=6,
        presence_s=max(9, 3 * fans // POLLS_PER_S_MAX),
    )


async def delegate(door: Door, key: str, terms: Terms, file: PlanFile, opens_in_s: float) -> str:
    """Puts plan, sale and showtimes; the seed's digest. Raises CannotDelegate with the doors' words."""
    plan_id = f"{terms.sale}-plan"
    path = f"/v1/plans/{plan_id}?format={file.format}"
    check(await door.call("put plan", "PUT", path, bearer=key, content=file.content), "plan")
    opens_at = datetime.now(UTC) + timedelta(seconds=opens_in_s)
    sale = {
        "title": f"Rush {terms.sale}",
        "opens_at": opens_at.isoformat(),
        "draw": True,
        "capacity": terms.capacity,
        "seats_per_fan": terms.seats_per_fan,
        "identity": "guest",
        "shopping_s": terms.shopping_s,
        "claim_s": terms.claim_s,
        "hold_s": terms.hold_s,
        "pay_s": terms.pay_s,
        "presence_s": terms.presence_s,
    }
    put = await door.call("put sale", "PUT", f"/v1/sales/{terms.sale}", bearer=key, body=sale)
    check(put, "sale")
    prices = {
        category.key: PRICES[number % len(PRICES)] for number, category in enumerate(file.plan.categories)
    }
    for number, showtime in enumerate(terms.showtimes):
        body = _showtime(terms.sale, plan_id, number, prices)
        answer = await door.call("put showtime", "PUT", f"/v1/showtimes/{showtime}", bearer=key, body=body)
        check(answer, f"showtime {showtime}")
    return str(put.body["seed_sha256"])


def _showtime(sale: str, plan: str, number: int, prices: dict[str, int]) -> dict[str, Any]:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7, hours=2 * (number % 6))
    return {
        "sale": sale,
        "cinema": f"rush-cinema-{number // 5 + 1}",
        "auditorium": f"Hall {number % 5 + 1}",
        "film": "A Crowd at Midnight",
        "starts_at": starts_at.isoformat(),
        "plan": plan,
        "prices": prices,
        "service_fee": SERVICE_FEE,
        "currency": "CNY",
        "orphans": ORPHANS[number % len(ORPHANS)],
    }


async def move(door: Door, key: str, sale: str, verb: str) -> None:
    check(await door.call(f"{verb} sale", "POST", f"/v1/sales/{sale}/{verb}", bearer=key, body={}), verb)


async def close_if_there(door: Door, key: str, sale: str) -> bool:
    """False when there is no such sale yet."""
    answer = await door.call("close sale", "POST", f"/v1/sales/{sale}/close", bearer=key, body={})
    if answer.slug == "unknown-sale":
        return False
    check(answer, "close")
    return True


def check(answer: Answer, what: str) -> None:
    if answer.status >= 300:
        detail = answer.body.get("detail", "")
        raise CannotDelegate(f"the doors refused the {what}: {answer.status} {answer.slug} {detail}".strip())
