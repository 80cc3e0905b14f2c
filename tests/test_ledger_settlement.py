"""How a ticket's money is split: worked by hand, then for many prices and rates."""

import random
from datetime import date

import pytest

from ledger.contracts import Contract, NoContract, applying
from ledger.settlement import Split, Terms, part, split

CHINA = Terms(fund_bp=500, vat_bp=330, cinema_bp=5700)


@pytest.mark.parametrize(
    ("price", "agreed", "expected"),
    [
        # 5000: fund 250, VAT 165, shareable 4585; producer 1971.55 -> 1972, cinema the rest.
        (5000, 0, Split(box_office=5000, fund=250, vat=165, cinema=2613, producer=1972)),
        # Sold below the agreed price: settled as if at 3500. Fund 175, VAT 115.5 -> 116, shareable 3209.
        (2000, 3500, Split(box_office=3500, fund=175, vat=116, cinema=1829, producer=1380)),
        (3500, 3500, Split(box_office=3500, fund=175, vat=116, cinema=1829, producer=1380)),
        # 3990: fund 199.5 -> 200, VAT 131.67 -> 132, shareable 3658; producer 1572.94 -> 1573.
        (3990, 3500, Split(box_office=3990, fund=200, vat=132, cinema=2085, producer=1573)),
        (1, 0, Split(box_office=1, fund=0, vat=0, cinema=1, producer=0)),
        (0, 0, Split(box_office=0, fund=0, vat=0, cinema=0, producer=0)),
    ],
)
def test_split(price: int, agreed: int, expected: Split) -> None:
    terms = Terms(fund_bp=500, vat_bp=330, cinema_bp=5700, agreed_price=agreed)
    assert split(price, terms) == expected


@pytest.mark.parametrize(
    ("fund_bp", "vat_bp", "cinema_bp", "expected"),
    [
        (0, 330, 5700, Split(box_office=1000, fund=0, vat=33, cinema=551, producer=416)),
        (500, 330, 0, Split(box_office=1000, fund=50, vat=33, cinema=0, producer=917)),
        (500, 330, 10000, Split(box_office=1000, fund=50, vat=33, cinema=917, producer=0)),
        (9995, 5, 5700, Split(box_office=1000, fund=1000, vat=0, cinema=0, producer=0)),
    ],
)
def test_other_terms(fund_bp: int, vat_bp: int, cinema_bp: int, expected: Split) -> None:
    assert split(1000, Terms(fund_bp=fund_bp, vat_bp=vat_bp, cinema_bp=cinema_bp)) == expected


ROUNDED = [(4, 1000, 0), (5, 1000, 1), (14, 1000, 1), (15, 1000, 2)]


@pytest.mark.parametrize(("amount", "rate", "expected"), ROUNDED)
def test_parts_are_rounded_half_up(amount: int, rate: int, expected: int) -> None:
    assert part(amount, rate) == expected


def test_the_parts_of_any_ticket_add_up_exactly() -> None:
    seed = 20261002
    draw = random.Random(seed)
    for _ in range(20_000):
        fund_bp = draw.choice((0, 500, draw.randint(0, 10_000)))
        terms = Terms(
            fund_bp=fund_bp,
            vat_bp=draw.choice((330, 10_000 - fund_bp)) if fund_bp <= 9_670 else 10_000 - fund_bp,
            cinema_bp=draw.choice((0, 5700, 10_000, draw.randint(0, 10_000))),
            agreed_price=draw.choice((0, 3500)),
        )
        price = draw.choice((0, 1, draw.randint(0, 100_000), 1 << 40))
        one = split(price, terms)
        parts = (one.fund, one.vat, one.cinema, one.producer)
        assert min(parts) >= 0, (seed, price, terms)
        assert sum(parts) == one.box_office == max(price, terms.agreed_price), (seed, price, terms)
        assert one.shareable == one.cinema + one.producer
        assert abs(one.producer * 10_000 - one.shareable * (10_000 - terms.cinema_bp)) <= 5_000


def contract(
    name: str, cinema: str | None, film: str | None, format: str | None, since: str
) -> tuple[str, Contract]:
    found = Contract(
        cinema=cinema, film=film, format=format, valid_from=date.fromisoformat(since),
        fund_bp=500, vat_bp=330, cinema_bp=5700, agreed_price=0, basis="issued",
    )  # fmt: skip
    return name, found


CONTRACTS = dict(
    (
        contract("default", None, None, None, "1970-01-01"),
        contract("default 2026", None, None, None, "2026-01-01"),
        contract("imax", None, None, "IMAX", "2020-01-01"),
        contract("dawn", None, "Dawn", None, "2020-01-01"),
        contract("dawn in imax", None, "Dawn", "IMAX", "2026-06-01"),
        contract("palace", "Palace", None, None, "2026-03-01"),
        contract("palace renewed", "Palace", None, None, "2026-09-01"),
    )
)


@pytest.mark.parametrize(
    ("cinema", "film", "format", "day", "expected"),
    [
        ("Odeon", "Dusk", "2D", "2025-12-31", "default"),
        ("Odeon", "Dusk", "2D", "2026-01-01", "default 2026"),
        ("Odeon", "Dusk", "IMAX", "2026-01-01", "imax"),
        ("Odeon", "Dawn", "IMAX", "2026-05-31", "dawn"),
        ("Odeon", "Dawn", "IMAX", "2026-06-01", "dawn in imax"),
        ("Palace", "Dawn", "IMAX", "2026-02-28", "dawn"),
        ("Palace", "Dawn", "IMAX", "2026-06-01", "palace"),
        ("Palace", "Dusk", "2D", "2026-08-31", "palace"),
        ("Palace", "Dusk", "2D", "2026-09-01", "palace renewed"),
    ],
)
def test_the_most_specific_contract_in_force_applies(
    cinema: str, film: str, format: str, day: str, expected: str
) -> None:
    found = applying(CONTRACTS.values(), cinema, film, format, date.fromisoformat(day))
    assert found is CONTRACTS[expected]


def test_no_contract_is_said() -> None:
    with pytest.raises(NoContract, match="Odeon, Dusk"):
        applying(CONTRACTS.values(), "Odeon", "Dusk", "2D", date(1969, 12, 31))
