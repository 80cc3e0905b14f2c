"""The draw is a fair permutation that anyone can repeat from the seed."""

import hashlib
import math
from collections import Counter

import pytest

from waiting_room.draw import Draw, commitment

SEED = "5e" * 32
FIXED = [1, 8, 2, 3, 7, 5, 9, 0, 6, 4]


def seed(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 100, 999, 1000, 1024, 20_001])
def test_it_is_a_bijection_with_its_inverse(size: int) -> None:
    draw = Draw(SEED, size)
    ranks = [draw.rank(entry) for entry in range(size)]
    assert sorted(ranks) == list(range(size))
    assert [draw.entry(rank) for rank in ranks] == list(range(size))


def test_seed_and_size_decide_it_alone() -> None:
    assert [Draw(SEED, 50).rank(n) for n in range(50)] == [Draw(SEED, 50).rank(n) for n in range(50)]
    assert [Draw(SEED, 50).rank(n) for n in range(50)] != [Draw(seed(1), 50).rank(n) for n in range(50)]
    assert [Draw(SEED, 50).rank(n) for n in range(50)] != [Draw(SEED, 51).rank(n) for n in range(50)]


def test_it_is_fixed_for_ever() -> None:
    """Fans check old draws: the construction must not drift."""
    assert [Draw(SEED, 10).rank(n) for n in range(10)] == FIXED


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_all_orders_of_a_few_fans_are_as_likely(size: int) -> None:
    """Chi-square over all orders; the bound is the mean plus five standard deviations."""
    draws = 6000
    seen = Counter(tuple(Draw(seed(n), size).rank(entry) for entry in range(size)) for n in range(draws))
    orders = math.factorial(size)
    expected = draws / orders
    chi_square = sum((count - expected) ** 2 / expected for count in seen.values())
    chi_square += (orders - len(seen)) * expected
    assert chi_square < (orders - 1) + 5 * math.sqrt(2 * (orders - 1))


@pytest.mark.parametrize("entry", [0, 1, 499, 998, 999])
def test_an_entry_lands_everywhere(entry: int) -> None:
    """Ranks of one entry over many seeds, in ten equal parts of a crowd of 1000."""
    draws = 3000
    parts = Counter(Draw(seed(n), 1000).rank(entry) // 100 for n in range(draws))
    chi_square = sum((parts[part] - draws / 10) ** 2 / (draws / 10) for part in range(10))
    assert chi_square < 9 + 5 * math.sqrt(18)


def test_neighbours_do_not_stay_neighbours() -> None:
    draw = Draw(SEED, 100_000)
    apart = [abs(draw.rank(n) - draw.rank(n + 1)) for n in range(5000)]
    # Two random ranks of N are N/3 apart on average; the mean of 5000 of them within 3 %.
    assert abs(sum(apart) / len(apart) / 100_000 - 1 / 3) < 0.01


def test_the_commitment_is_the_hash_of_the_seeds_bytes() -> None:
    assert commitment(SEED) == hashlib.sha256(bytes.fromhex(SEED)).hexdigest()
