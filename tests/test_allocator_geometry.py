"""Compiled plans, tokens and prices."""

import hashlib
import re
from itertools import pairwise
from typing import Final

import pytest

from allocator import token
from allocator.geometry import Geometry
from allocator.halls import imax_hall, standard_hall, vip_hall
from allocator.outbox import PricedSeat
from allocator.plan import Category, Plan, Point, Row, Seat, SeatName
from allocator.pricing import price
from tests.allocator_stage import drawn, onsale

HALLS: Final = (standard_hall(), imax_hall(), vip_hall(), drawn("ab_bba", "aaa"))


@pytest.mark.parametrize("plan", HALLS, ids=lambda plan: plan.name)
def test_segments_partition_the_seats_and_come_nearest_first(plan: Plan) -> None:
    geometry = Geometry(plan)
    places = [i for s in geometry.segments for i in range(s.first, s.first + s.length)]
    assert sorted(places) == list(range(len(geometry)))
    for segment in geometry.segments:
        inside = {geometry.category(i) for i in range(segment.first, segment.first + segment.length)}
        assert inside == {geometry.categories[segment.category]}
        first, length = geometry.runs[segment.run]
        assert first <= segment.first <= segment.first + segment.length <= first + length
    order = [(s.category, s.near[s.ideal]) for s in geometry.segments]
    assert order == sorted(order)


def zigzag() -> Plan:
    """Every other seat stands half a unit further back."""
    seats = tuple(Seat(str(n), float(n), (n % 2) * 0.5, "a") for n in range(1, 12))
    return Plan("zigzag", (Category("a", "A"),), (Row("A", (seats,)),), Point(6.0, 0.0))


@pytest.mark.parametrize("plan", [*HALLS, zigzag()], ids=lambda plan: plan.name)
def test_distance_never_falls_on_the_way_out(plan: Plan) -> None:
    for segment in Geometry(plan).segments:
        assert len(segment.near) == 2 * segment.length - 1
        assert segment.near[segment.ideal] == min(segment.near)
        assert all(a <= b for a, b in pairwise(segment.near[segment.ideal :]))
        assert all(a >= b for a, b in pairwise(segment.near[: segment.ideal + 1]))


def test_names_and_indices() -> None:
    geometry = Geometry(drawn("ab_bb", "aa"))
    assert geometry.names == ("A-1", "A-2", "A-4", "A-5", "B-1", "B-2")
    assert geometry.runs == ((0, 2), (2, 2), (4, 2))
    assert geometry.indices(["B-1", "Z-9", "A-1"]) == (4, -1, 0)
    assert (geometry.index("A-5"), geometry.index("A-3")) == (3, None)
    assert (geometry.category_number("b"), geometry.category_number("c")) == (1, None)
    assert Geometry(drawn("ab_bb", "aa")).digest == geometry.digest != Geometry(drawn("ab_bb")).digest
    assert geometry.digest == hashlib.sha256(geometry.blob).hexdigest()[:40]


def test_the_first_board() -> None:
    seats = tuple(Seat(str(n), float(n), 0.0, "a", accessible=n == 1, companion=n == 2) for n in range(1, 7))
    plan = Plan("hall", (Category("a", "A"),), (Row("A", (seats,)),), Point(3.0, 0.0))
    assert Geometry(plan).initial([SeatName("A-4")], [SeatName("A-6")], [4]) == b"bb.bsx"


@pytest.mark.parametrize("serial", [0, 1, 31, 32, 12345, token.SERIAL_MAX])
def test_tokens_lead_to_their_showtime(serial: int) -> None:
    minted = token.mint(serial, "ff" * 32)
    assert re.fullmatch(r"[0-9a-z]{1,7}-z{16}", minted)
    assert token.serial(minted) == serial
    assert token.mint(serial, "ff" * 32) == minted != token.mint(serial, "fe" * 32)


FORGED: Final = (
    "",
    "7",
    "7-",
    "7-00000000000000000",
    "7-000000000000000",
    "07-0000000000000000",
    "i-0000000000000000",
    "7-000000000000000u",
    "7-000000000000000A",
    "zzzzzzzz-0000000000000000",
    "7-0000000000000000\n",
    "٧-0000000000000000",
)


@pytest.mark.parametrize("text", FORGED)
def test_no_token_of_ours(text: str) -> None:
    assert token.serial(text) is None


def test_prices_add_up() -> None:
    priced, fees, amount = price(onsale(drawn("ab")), (0, 1))
    assert priced == (PricedSeat(0, "A-1", "a", 1000), PricedSeat(1, "A-2", "b", 1000))
    assert (fees, amount) == (200, 2200)
