"""The pulse: one small public document about a sale, the same for everybody, which a CDN may keep for a
second."""

import msgspec

from allocator.sale import SaleState
from waiting_room.draw import commitment
from waiting_room.pace import JITTERS, poll_in_s
from waiting_room.status import rfc3339
from waiting_room.view import SaleView


class PulseDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`serving`: ranks below it have been called. `waiting`: places neither called nor given up.
    `free` and `sold_out` (showtimes) say what is left a few seconds ago, once the sale has opened.
    `seed_sha256` is the promise of the draw, `seed` and `drawn` its proof once the sale has opened."""

    state: SaleState
    serving: int
    waiting: int
    admitted_per_min: float
    poll_in_s: float
    opens_at: str
    message: str | None = None
    free: int | None = None
    sold_out: tuple[str, ...] = ()
    seed_sha256: str | None = None
    seed: str | None = None
    drawn: int | None = None


def pulse(view: SaleView) -> bytes:
    """The document as JSON."""
    sale = view.sale
    opened = view.drawn >= 0
    return msgspec.json.encode(
        PulseDocument(
            state=view.shown_state,
            serving=view.serving,
            waiting=view.waiting,
            admitted_per_min=round(view.admitted.per_min(view.now_ms), 1),
            poll_in_s=poll_in_s(None, sale.presence_ms, view.load, JITTERS // 2),
            opens_at=rfc3339(sale.opens_at_ms),
            message=view.message,
            free=view.left.free if view.left else None,
            sold_out=view.left.sold_out if view.left else (),
            seed_sha256=commitment(sale.seed) if sale.draw else None,
            seed=sale.seed if sale.draw and opened else None,
            drawn=view.drawn if sale.draw and opened else None,
        )
    )
