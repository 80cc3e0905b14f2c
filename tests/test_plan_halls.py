"""The generated auditoriums are what they claim to be."""

from collections import Counter
from collections.abc import Callable

import pytest

from allocator.halls import imax_hall, standard_hall, vip_hall
from allocator.plan import Plan

HALLS: list[tuple[Callable[[], Plan], int, int, dict[str, int]]] = [
    (standard_hall, 208, 2, {"front": 48, "standard": 112, "premium": 48}),
    (imax_hall, 372, 4, {"front": 96, "standard": 214, "premium": 62}),
    (vip_hall, 40, 1, {"front": 8, "recliner": 32}),
]


@pytest.mark.parametrize(("hall", "seats", "places", "by_category"), HALLS)
def test_counts(hall: Callable[[], Plan], seats: int, places: int, by_category: dict[str, int]) -> None:
    plan = hall()
    all_seats = [seat for _name, _row, seat in plan.named_seats()]
    assert len(all_seats) == seats == len({name for name, _row, _seat in plan.named_seats()})
    assert Counter(seat.category for seat in all_seats) == by_category
    assert sum(seat.accessible for seat in all_seats) == sum(seat.companion for seat in all_seats) == places
    assert {category.key for category in plan.categories} == by_category.keys()


@pytest.mark.parametrize("hall", [standard_hall, imax_hall, vip_hall])
def test_a_hall_is_the_same_each_time_and_best_two_thirds_back(hall: Callable[[], Plan]) -> None:
    plan = hall()
    ys = [seat.y for _name, _row, seat in plan.named_seats()]
    assert plan.digest() == hall().digest()
    assert plan.focal.x == 0
    assert (plan.focal.y - min(ys)) / (max(ys) - min(ys)) == pytest.approx(2 / 3, abs=0.001)


@pytest.mark.parametrize(
    ("hall", "row", "printed"),
    [
        (standard_hall, 11, ["16 15", "14 13 12 11 10 9 8 7 6 5 4 3", "2 1"]),
        (imax_hall, 0, ["23 21 19 17", "15 13 11 9 7 5 3 1 2 4 6 8 10 12 14 16", "18 20 22 24"]),
        (vip_hall, 2, ["1 2", "3 4", "5 6", "7 8"]),
    ],
)
def test_printed_numbers_follow_the_custom_of_the_hall(
    hall: Callable[[], Plan], row: int, printed: list[str]
) -> None:
    assert [" ".join(seat.label for seat in run) for run in hall().rows[row].runs] == printed


def test_the_ends_of_a_curved_row_come_nearer_to_the_screen() -> None:
    middle_row = [seat for run in imax_hall().rows[7].runs for seat in run]
    half = [seat.y for seat in middle_row[: len(middle_row) // 2]]
    assert half == sorted(half)
    assert half[0] < half[-1] - 1
