"""What a fan may ask for."""

import msgspec

from allocator.plan import SeatName


class Exact(msgspec.Struct, frozen=True):
    """These seats and no others."""

    seats: tuple[SeatName, ...]


class Best(msgspec.Struct, frozen=True):
    """The best `count` seats together; `split` allows pieces. Any one category when `category` is None."""

    count: int
    category: str | None
    split: bool = False


Want = Exact | Best
