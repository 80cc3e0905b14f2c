"""What the waiting room's calls answer: every refusal is a value.

Sale states that the allocator refuses with (`SalePaused`, `SaleClosed`) are its types: one word, one problem.
"""

from typing import Literal

import msgspec

from allocator.answers import SaleClosed, SalePaused
from allocator.sale import SaleState

Where = Literal["waiting", "invited", "inside", "done", "closed"]
Why = Literal["bought", "timed-out", "left"]
"""Why a place is done."""


class BadToken(msgspec.Struct, frozen=True):
    """Not a text of ours, or its signature does not hold."""


class WrongSale(msgspec.Struct, frozen=True):
    """A good token, of another sale."""


class ExpiredPass(msgspec.Struct, frozen=True):
    """A pass of ours whose time is over; one that was given up the allocator refuses as used up."""


class UnknownSale(msgspec.Struct, frozen=True): ...


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the sale; `again`: the account had it already. `rank` is None before the draw."""

    token: str
    entry: int
    fan: str
    rank: int | None
    state: Where
    poll_in_s: float
    again: bool


class PlaceStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a place stands. Ranks count from 0 and those below `serving` have been called; `ahead` counts the
    ranks still to be called before this one. `place` is a fresh token, sent once the rank is known."""

    state: Where
    rank: int | None = None
    ahead: int | None = None
    wait_s: "WaitS | None" = None
    poll_in_s: float | None = None
    claim_by: str | None = None
    expires_at: str | None = None
    why: Why | None = None
    place: str | None = None
    message: str | None = None


class WaitS(msgspec.Struct, frozen=True):
    """Half of the fans with this many ahead wait at most `p50` seconds, nine of ten at most `p90`."""

    p50: int
    p90: int


class NotYourTurn(msgspec.Struct, frozen=True):
    """Not invited: still waiting, or the invitation has lapsed."""

    state: Where


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Inside until `expires_ms`; `text` is the pass. `again`: the same pass as before."""

    text: str
    expires_ms: int
    again: bool


class Moved(msgspec.Struct, frozen=True):
    """The sale is in this state now; `again`: it was before, and nothing changed."""

    state: SaleState
    again: bool = False


class CannotMove(msgspec.Struct, frozen=True):
    """That move does not start from this state; nothing changed."""

    state: SaleState


class Finished(msgspec.Struct, frozen=True): ...


class Left(msgspec.Struct, frozen=True): ...


class AlreadyGone(msgspec.Struct, frozen=True):
    """The place was given up or timed out before; nothing changed."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The line in numbers, as the mirror knows it."""

    state: SaleState
    joined: int
    waiting: int
    invited: int
    inside: int
    serving: int


class SeatsLeft(msgspec.Struct, frozen=True):
    """The seats free in all showtimes of a sale, and the showtimes without any."""

    free: int
    sold_out: tuple[str, ...]


JoinAnswer = Joined | SaleClosed | UnknownSale
ClaimAnswer = Admitted | SaleClosed | SalePaused | NotYourTurn | UnknownSale
MoveAnswer = Moved | CannotMove | UnknownSale
