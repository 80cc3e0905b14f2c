"""Each proof of a rush finds the violation planted for it, and only that one."""

from collections.abc import Callable

import msgspec
import pytest

from usher.rush_facts import (
    Facts,
    Finding,
    Hall,
    LogRecord,
    Movement,
    Order,
    Receipt,
    Refusal,
    Visit,
    Waiting,
)
from usher.rush_line import passed_over
from usher.rush_proofs import (
    PROOFS,
    double_sold,
    draw_wrong,
    lost_orders,
    money_wrong,
    overshoot,
    refused_though_fitting,
)

HALL = Hall(categories=("front",) * 4 + ("back",) * 6, runs=((0, 1, 2, 3), (4, 5, 6), (7, 8, 9)))
ORDER_A = Order(order="o-a", showtime="s1", seats=("A-1", "A-2"), prices=(500, 500), fees=20, amount=1020)
ORDER_B = Order(order="o-b", showtime="s1", seats=("A-3",), prices=(500,), fees=10, amount=510)
RECEIPT_A = Receipt(order="o-a", showtime="s1", seats=("A-2", "A-1"), amount=1020)
NO_FIT = Refusal(word="no-fit", showtime="s1", category="front", count=2, split=False, version=7)

GOOD = Facts(
    capacity=2,
    presence_ms=10_000,
    receipts=(RECEIPT_A,),
    in_valkey=(ORDER_A, ORDER_B),
    in_postgres=(ORDER_A, ORDER_B),
    movements=(Movement("o-a", (("CNY", 1020), ("CNY", -1000), ("CNY", -20))),),
    refusals=(NO_FIT, msgspec.structs.replace(NO_FIT, word="sold-out", version=8)),
    halls={"s1": HALL},
    boards={("s1", 7): b".h.s......", ("s1", 8): b"ssss......"},
    visits=(Visit(1, 0, 100), Visit(2, 50, 100), Visit(3, 100, 200)),
    crowded=2,
    waiting=(
        Waiting(entry=1, told=0, polls_ms=(1_000, 6_000)),
        Waiting(entry=2, told=1, polls_ms=(1_000, 6_000)),
        Waiting(entry=3, told=2, polls_ms=(1_000,)),
    ),
    log=(
        LogRecord("c", 2, 100),
        LogRecord("i", 1, 9_000),
        LogRecord("i", 2, 9_000),
        LogRecord("a", 1, 9_100),
        LogRecord("d", 1, 9_250),
        LogRecord("i", 3, 9_250),
    ),
    ranks={1: 0, 2: 1, 3: 2},
    committed=True,
    troubles_ms=(),
)
Proof = Callable[[Facts], Finding]


def planted(**changes: object) -> Facts:
    return msgspec.structs.replace(GOOD, **changes)


def order(**changes: object) -> Order:
    return msgspec.structs.replace(ORDER_B, **changes)


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_a_clean_rush_passes(proof: Proof) -> None:
    finding = proof(GOOD)
    assert finding.wrong == 0
    assert finding.checked > 0


AFTER_TROUBLE = ((8_900, 9_100),)
VIOLATIONS: tuple[tuple[str, Facts, Proof], ...] = (
    ("a seat in two rows", planted(in_postgres=(ORDER_A, order(seats=("A-1",)))), double_sold),
    ("a seat in two records", planted(in_valkey=(ORDER_A, order(seats=("A-2",)))), double_sold),
    (
        "a seat told to two clients",
        planted(receipts=(RECEIPT_A, Receipt(order="o-z", showtime="s1", seats=("A-1",), amount=1))),
        double_sold,
    ),
    ("a seat twice in one order", planted(in_postgres=(order(seats=("A-9", "A-9")),)), double_sold),
    ("a receipt without a row", planted(in_postgres=(ORDER_B,), in_valkey=(ORDER_B,)), lost_orders),
    ("a record without a row", planted(in_postgres=(ORDER_A,)), lost_orders),
    ("a row without a record", planted(in_valkey=(ORDER_A,)), lost_orders),
    (
        "other seats than told",
        planted(receipts=(order_receipt := Receipt(order="o-b", showtime="s1", seats=("A-4",), amount=510),)),
        lost_orders,
    ),
    (
        "another amount than told",
        planted(receipts=(msgspec.structs.replace(order_receipt, seats=("A-3",), amount=511),)),
        lost_orders,
    ),
    ("no-fit with a pair free", planted(boards={("s1", 7): b".h..ssssss"}), refused_though_fitting),
    ("sold-out with one free", planted(boards={("s1", 8): b"sss.ssssss"}), refused_though_fitting),
    (
        "no-fit although pieces were free and allowed",
        planted(refusals=(msgspec.structs.replace(NO_FIT, split=True),)),
        refused_though_fitting,
    ),
    ("three passes at once", planted(visits=(Visit(1, 0, 9), Visit(2, 1, 9), Visit(3, 8, 9))), overshoot),
    ("three inside in a sample", planted(crowded=3), overshoot),
    ("three invited by the log", planted(log=GOOD.log[:4] + GOOD.log[5:]), overshoot),
    (
        "two inside after the capacity fell to one",
        planted(log=(LogRecord("c", 1, 1), *GOOD.log[1:3])),
        overshoot,
    ),
    (
        "an invitation out of order",
        planted(log=(LogRecord("i", 2, 9_000), LogRecord("i", 1, 9_250))),
        passed_over,
    ),
    ("one never invited", planted(log=(LogRecord("i", 3, 5_500),)), passed_over),
    ("a rank that was not drawn", planted(ranks={1: 0, 2: 2, 3: 1}), draw_wrong),
    ("a seed chosen afterwards", planted(committed=False), draw_wrong),
    ("a log out of order", planted(log=(GOOD.log[2], GOOD.log[1])), draw_wrong),
    ("a fan invited twice", planted(log=(*GOOD.log[:2], GOOD.log[1])), draw_wrong),
    ("tickets and fees that miss the amount", planted(in_postgres=(order(amount=511),)), money_wrong),
    (
        "a movement that does not close",
        planted(movements=(Movement("x", (("CNY", 5), ("EUR", -5))),)),
        money_wrong,
    ),
)


@pytest.mark.parametrize(
    ("facts", "proof"), [row[1:] for row in VIOLATIONS], ids=[row[0] for row in VIOLATIONS]
)
def test_a_planted_violation_is_found(facts: Facts, proof: Proof) -> None:
    finding = proof(facts)
    assert finding.wrong > 0
    assert finding.examples


FAIR: tuple[tuple[str, Facts], ...] = (
    (
        "ahead but absent for longer than a window",
        planted(
            presence_ms=4_000,
            log=(LogRecord("i", 3, 5_500),),
            waiting=(Waiting(entry=1, told=0, polls_ms=(1_000, 9_000)), GOOD.waiting[2]),
        ),
    ),
    (
        "ahead but seen too lately to be known",
        planted(log=(LogRecord("i", 2, 2_900), LogRecord("i", 1, 3_100))),
    ),
    ("ahead but gone after its last poll", planted(log=(LogRecord("i", 3, 6_001),))),
    (
        "while a door was down",
        planted(log=(LogRecord("i", 2, 9_000), LogRecord("i", 1, 9_250)), troubles_ms=AFTER_TROUBLE),
    ),
)


@pytest.mark.parametrize("facts", [row[1] for row in FAIR], ids=[row[0] for row in FAIR])
def test_the_absent_are_not_passed_over(facts: Facts) -> None:
    assert passed_over(facts).wrong == 0


@pytest.mark.parametrize(
    ("board", "category", "count", "split", "expected"),
    [
        (b"....ssssss", "front", 4, False, True),
        (b"....ssssss", "front", 5, False, False),
        (b"ssss......", "back", 4, False, False),  # the aisle parts 3 from 3
        (b"ssss......", "back", 6, True, True),
        (b".s.s...sss", None, 3, False, True),
        (b".s.s.s.sss", None, 2, True, True),
        (b".ssssssss.", None, 2, True, False),  # one of each category is not a pair of any
        (b"hbsshbsshb", None, 1, False, False),
    ],
)
def test_the_oracle_walks_the_runs(
    board: bytes, category: str | None, count: int, split: bool, expected: bool
) -> None:
    refusal = Refusal(word="no-fit", showtime="s1", category=category, count=count, split=split, version=1)
    found = refused_though_fitting(planted(refusals=(refusal,), boards={("s1", 1): board}))
    assert (found.wrong == 1) is expected
