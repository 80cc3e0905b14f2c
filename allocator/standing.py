"""How a showtime stands: what loading, reading and reclaiming it answer."""

import msgspec


class Loaded(msgspec.Struct, frozen=True):
    """On sale at this version of the board; `replayed`: it was already, with the same definition."""

    version: int
    replayed: bool = False


class AlreadyOnSale(msgspec.Struct, frozen=True):
    """On sale with another definition, which stays."""

    version: int


class Board(msgspec.Struct, frozen=True):
    """One byte per seat in plan order: `.` free, `h` held, `s` sold, `b` blocked, `x` sold elsewhere."""

    version: int
    seats: bytes
    reclaimed: bool


class Counts(msgspec.Struct, frozen=True):
    """Seats by state; `blocked` counts all that was never for sale here."""

    free: int
    held: int
    sold: int
    blocked: int
    version: int


class Reclaim(msgspec.Struct, frozen=True):
    """Seat indices: sold here, kept by orders that still await payment, and given back."""

    sold: tuple[int, ...]
    awaiting: tuple[int, ...]
    back: tuple[int, ...]


def counts_of(board: Board) -> Counts:
    free, held, sold = (board.seats.count(letter) for letter in (b".", b"h", b"s"))
    return Counts(free, held, sold, len(board.seats) - free - held - sold, board.version)
