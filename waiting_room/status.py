"""How a place stands, from the worker's memory alone.

A waiting fan's answer is glued from prepared pieces, because millions of polls ask for it; the rare other
states go through the typed answer. Both say the same.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, assert_never

import msgspec

from waiting_room.answers import PlaceStatus, WaitS
from waiting_room.pace import FirstPoll, jitter, poll_in_s, wait_s
from waiting_room.place import RANK_UNKNOWN, Place
from waiting_room.view import SaleView

EXACT_AHEAD: Final = 64
"""Up to here every number has its own estimate; beyond, numbers that differ by less than 1/32 share one."""
SOON_S: Final = 2
Sign = Callable[[Place], bytes]
_encode: Final = msgspec.json.Encoder().encode


def status(view: SaleView, place: Place, sign: Sign) -> PlaceStatus:
    """How this place stands as far as this worker knows."""
    entry = place.entry
    presence_ms, spread, message = view.sale.presence_ms, jitter(entry), view.message
    where = view.where(entry)
    match where:
        case "waiting":
            return _waiting(view, place, sign)
        case "invited":
            claim_by = rfc3339(view.invited[entry])
            poll_s = poll_in_s(0.0, presence_ms, 1.0, spread)
            return PlaceStatus(state=where, claim_by=claim_by, poll_in_s=poll_s, message=message)
        case "inside":
            expires_at = rfc3339(view.inside[entry])
            poll_s = poll_in_s(None, presence_ms, 1.0, spread)
            return PlaceStatus(state=where, expires_at=expires_at, poll_in_s=poll_s, message=message)
        case "done":
            return PlaceStatus(state=where, why=view.why_ended(entry))
        case "closed":
            return PlaceStatus(state=where, message=message)
        case _:
            assert_never(where)


def status_json(view: SaleView, place: Place, sign: Sign) -> bytes:
    """Hears the poll and answers it by `status` as JSON, in 3 us for a fan who waits with its rank known."""
    entry, rank = place.entry, place.rank
    if (
        rank == RANK_UNKNOWN
        or entry in view.invited
        or entry in view.inside
        or view.state == "closed"
        or (entry < len(view.ended) and view.ended[entry])
    ):
        view.hear(place)
        return _encode(status(view, place, sign))
    view.polls += 1
    view.presence.note(entry, rank)
    ahead = rank - view.serving
    if ahead < 0:
        ahead = 0
    step = 0 if ahead < EXACT_AHEAD else ahead.bit_length() - 6
    number = (step << 6 | ahead >> step) << 3 | (entry * 2654435761 & 0xFFFF_FFFF) >> 29
    piece = view.pieces.get(number)
    if piece is None:
        piece = view.pieces[number] = _piece(view, ahead, entry)
    return b'{"state":"waiting","rank":%d,"ahead":%d%b' % (rank, ahead, piece)


def first_poll(view: SaleView) -> FirstPoll:
    """When the next fan who joins should ask, whichever entry that one gets."""
    seldom_s = poll_in_s(None, view.sale.presence_ms, view.load, 0)
    if view.draw is None:
        return FirstPoll(seldom_s, round((view.sale.opens_at_ms - view.now_ms) / 1000 + 1, 1))
    return FirstPoll(_estimate(view, max(0, view.joined - view.serving), 0)[1], 0.0)


def _waiting(view: SaleView, place: Place, sign: Sign) -> PlaceStatus:
    # A rank in the token was signed by us after the open; the draw does not change once made.
    known = place.rank if place.rank != RANK_UNKNOWN else view.rank_of(place.entry)
    if known is None:
        poll_s = first_poll(view).of(place.entry)
        return PlaceStatus(state="waiting", poll_in_s=poll_s, message=view.message)
    ahead = max(0, known - view.serving)
    wait, poll_s = _estimate(view, ahead, jitter(place.entry))
    fresh = None
    if place.rank == RANK_UNKNOWN:
        fresh = sign(Place(place.sale, place.entry, known, place.fan)).decode()
    return PlaceStatus(
        state="waiting",
        rank=known,
        ahead=ahead,
        wait_s=wait,
        poll_in_s=poll_s,
        place=fresh,
        message=view.message,
    )


def _piece(view: SaleView, ahead: int, entry: int) -> bytes:
    """What follows `ahead` in the answer, the same for all fans of this estimate and jitter."""
    wait, poll_s = _estimate(view, ahead, jitter(entry))
    rest = _encode(PlaceStatus(state="waiting", wait_s=wait, poll_in_s=poll_s, message=view.message))
    return b"," + rest.partition(b",")[2]


def _estimate(view: SaleView, ahead: int, spread: int) -> tuple[WaitS | None, float]:
    step = 0 if ahead < EXACT_AHEAD else ahead.bit_length() - 6
    presence_ms, load = view.sale.presence_ms, view.load
    if view.shown_state != "open":
        return None, poll_in_s(None, presence_ms, load, spread)
    room = view.capacity - len(view.invited) - len(view.inside)
    wait = WaitS(1, SOON_S) if ahead < room else wait_s(ahead >> step << step, view.rate)
    return wait, poll_in_s(wait.p50, presence_ms, load, spread)


@lru_cache(maxsize=1024)
def rfc3339(at_ms: int) -> str:
    """`2026-11-21T10:00:00Z`, with milliseconds only when there are some."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
