"""The crowd before it starts: who comes, what they pick, what is noted, and what the report says."""

from array import array
from pathlib import Path

import msgspec
import pytest

from allocator.halls import standard_hall, vip_hall
from allocator.plan import BadPlan
from tests.test_rush_proofs import GOOD, NO_FIT
from usher.rush_choice import layout_of, pick_block, pick_category, pick_showtime, smaller
from usher.rush_fan import entry_of_place
from usher.rush_report import Measured, report_of, table_of
from usher.rush_sale import detect, plan_of, terms_of
from usher.rush_scene import hall_of
from usher.rush_tape import Tape, quantiles_ms
from usher.rush_temper import chance, draw_crowd
from waiting_room.place import FanId, Place, PlaceSigner

MEASURED = Measured(
    fans=10,
    seats=8,
    sold=8,
    seconds=2.0,
    valkey_bytes_per_fan=1.5,
    key_bytes_per_fan=0.25,
    worries=0,
    seed=1,
    own_stack=True,
    showtimes=1,
    refunds_sent=3,
    out_of_time=False,
)


def test_the_same_seed_draws_the_same_crowd() -> None:
    assert draw_crowd(200, 400, 6, 7) == draw_crowd(200, 400, 6, 7)
    assert draw_crowd(200, 400, 6, 7) != draw_crowd(200, 400, 6, 8)


@pytest.mark.parametrize(("fans", "seats"), [(1, 1), (500, 612), (20_000, 4_080)])
def test_a_crowd_comes_in_order_and_could_buy_the_hall(fans: int, seats: int) -> None:
    crowd, before_s = draw_crowd(fans, seats, 6, 1)
    assert len(crowd) == fans
    assert [t.comes_s for t in crowd] == sorted(t.comes_s for t in crowd)
    assert -before_s <= crowd[0].comes_s
    assert all(1 <= temper.party <= 6 for temper in crowd)
    if fans > 100:
        early = sum(1 for temper in crowd if temper.comes_s < 0)
        assert early == int(fans * 0.6)
        assert sum(temper.party for temper in crowd if temper.manner == "buys") >= seats


def test_a_shopper_picks_free_neighbours() -> None:
    layout = layout_of(vip_hall())
    names = [name for run in layout.runs for name, _ in run]
    taken = frozenset(names[2:])
    assert pick_block(layout, taken, 2, chance(1, 1)) == tuple(names[:2])
    assert pick_block(layout, taken, 3, chance(1, 1)) == ()
    assert pick_category(layout, taken, chance(1, 1)) == "front"
    assert pick_category(layout, frozenset(names), chance(1, 1)) is None
    assert pick_showtime({"a": 0, "b": 3}, chance(1, 1)) == "b"
    assert pick_showtime({"a": 0}, chance(1, 1)) is None


@pytest.mark.parametrize(
    ("asked", "problem", "expected"),
    [(4, {"largest": 2}, 2), (4, {"largest": 9}, 3), (2, {"left": 0}, 0), (3, {}, 2)],
)
def test_a_refused_shopper_asks_for_less(asked: int, problem: dict[str, object], expected: int) -> None:
    assert smaller(asked, problem) == expected


def test_a_hall_for_the_oracle_has_every_seat_once() -> None:
    plan = standard_hall()
    hall = hall_of(plan)
    assert [index for run in hall.runs for index in run] == list(range(len(hall.categories)))
    assert hall.categories == tuple(seat.category for _, _, seat in plan.named_seats())


def test_plans_are_told_apart(tmp_path: Path) -> None:
    assert plan_of(None, None).plan == standard_hall()
    file = tmp_path / "vip.json"
    file.write_bytes(msgspec.json.encode(vip_hall()))
    assert plan_of(file, None).format == "usher"
    assert detect(b'{"subChart": {}}') == "seatsio"
    assert detect(b'{"zones": []}') == "pretix"
    for strange in (b"{}", b"[]", b"{"):
        with pytest.raises(BadPlan):
            detect(strange)


def test_a_sale_is_sized_for_its_crowd() -> None:
    small, large = (
        terms_of("r", fans, shows, standard_hall(), None) for fans, shows in ((20, 1), (20_000, 20))
    )
    assert small.capacity == 5
    assert 100 < large.capacity <= 600
    assert large.presence_s > small.presence_s
    assert terms_of("r", 20, 1, standard_hall(), 3).capacity == 3


def test_the_entry_is_read_from_a_place() -> None:
    signer = PlaceSigner(b"k" * 32, b"f" * 32)
    token = signer.sign(Place(sale=3, entry=70_001, rank=5, fan=FanId(b"12345678")))
    assert entry_of_place(token.decode()) == 70_001


def test_troubles_that_touch_are_one() -> None:
    tape = Tape()
    now_ms = tape.now_ms()
    tape.trouble(now_ms - 900)
    tape.trouble(now_ms - 100)
    assert len(tape.troubles_ms()) == 1
    assert tape.troubles_ms()[0][0] == now_ms - 900


def test_quantiles_are_by_nearest_rank() -> None:
    assert quantiles_ms(array("d", range(1, 101))) == {"p50": 51.0, "p90": 91.0, "p99": 100.0}
    assert quantiles_ms(array("d")) == {}


def test_a_report_of_a_clean_rush_passes() -> None:
    report = report_of(GOOD, Tape(), MEASURED)
    assert report.passed
    assert report.sold_out
    assert (report.orders, report.orders_in_postgres, report.orders_per_s) == (2, 2, 1.0)
    assert table_of(report).row_count > 8


def test_a_report_fails_on_a_proof_a_lost_row_or_time() -> None:
    wrong = msgspec.structs.replace(GOOD, boards={("s1", 7): b".........."}, refusals=(NO_FIT,))
    assert not report_of(wrong, Tape(), MEASURED).passed
    assert not report_of(msgspec.structs.replace(GOOD, in_postgres=()), Tape(), MEASURED).passed
    for change in ({"out_of_time": True}, {"worries": 1}):
        assert not report_of(GOOD, Tape(), msgspec.structs.replace(MEASURED, **change)).passed


def test_the_report_has_the_keys_of_the_contract() -> None:
    keys = msgspec.to_builtins(report_of(GOOD, Tape(), MEASURED)).keys()
    contract = (
        "fans seats sold orders orders_in_postgres double_sold lost_orders refused_though_fitting overshoot "
        "passed_over seconds orders_per_s latency_ms valkey_bytes_per_fan"
    )
    assert set(contract.split()) <= keys
