"""How the box office of a ticket is split, purely and exactly, in integer minor units.

Box office is the price paid, or the agreed price where that is higher; the service fee stays outside. From it
the special fund and VAT are taken; the rest is shared by cinema and producer. Rounding: fund, VAT and the
producer's share are rounded half up, each by itself; the cinema has the remainder, so the parts add up.
Worked example: box office 5000, fund 500 bp = 250, VAT 330 bp = 165, shareable 4585, cinema 5700 bp: the
producer's 4300 bp are 1971.55 -> 1972, the cinema's 2613.
"""

from typing import Final

import msgspec

WHOLE_BP: Final = 10_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of a contract in basis points, and its floor `agreed_price` in minor units."""

    fund_bp: int
    vat_bp: int
    cinema_bp: int
    agreed_price: int = 0


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """`box_office` = `fund` + `vat` + `cinema` + `producer`; `shareable` = `cinema` + `producer`."""

    box_office: int
    fund: int
    vat: int
    cinema: int
    producer: int

    @property
    def shareable(self) -> int:
        return self.cinema + self.producer


def split(price: int, terms: Terms) -> Split:
    """The split of one ticket sold at `price`."""
    box_office = max(price, terms.agreed_price)
    fund = part(box_office, terms.fund_bp)
    # Two parts rounded up could exceed the whole by one where the rates take everything.
    vat = min(part(box_office, terms.vat_bp), box_office - fund)
    shareable = box_office - fund - vat
    producer = part(shareable, WHOLE_BP - terms.cinema_bp)
    return Split(box_office=box_office, fund=fund, vat=vat, cinema=shareable - producer, producer=producer)


def part(amount: int, rate_bp: int) -> int:
    """`rate_bp` of a non-negative amount, rounded half up: part(5, 1000) = 1, part(4, 1000) = 0."""
    return (2 * amount * rate_bp + WHOLE_BP) // (2 * WHOLE_BP)
