"""What seats cost: pure arithmetic in minor units of the showtime's currency."""

from collections.abc import Sequence

from allocator.catalogue import OnSale
from allocator.outbox import PricedSeat


def price(onsale: OnSale, indices: Sequence[int]) -> tuple[tuple[PricedSeat, ...], int, int]:
    """The priced seats, the service fees and the amount to pay: 2 seats of 4500 and a fee of 300 make
    9600."""
    show, geometry = onsale.showtime, onsale.geometry
    priced = []
    for index in indices:
        category = geometry.category(index)
        priced.append(PricedSeat(index, geometry.names[index], category, show.prices[category]))
    fees = show.service_fee * len(priced)
    return tuple(priced), fees, sum(seat.amount for seat in priced) + fees
