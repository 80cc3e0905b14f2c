"""The door tells Usher who came: a ticket is checked in once, so that a copy is seen."""

from typing import Any, Final, assert_never

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody

from api.callers import need
from api.moments import Moment, rfc3339, told_ms
from api.places import NO_STORE, once_of
from api.problems import Refused
from api.refusals import AlreadyCheckedIn, BadRequest, BadTicket, TicketVoid, UnknownTicket
from api.requests import Input
from api.rooms import OpenRooms, reaching_ledger
from api.tickets import order_and_number
from ledger.check_in import (
    CLOCKS_APART_MS,
    AlreadyIn,
    CheckedIn,
    CheckInAnswer,
    NotLive,
    NotWritten,
    TooEarly,
    check_in,
)
from ledger.trouble import within

LEDGER_PATIENCE_S: Final = 2.0
"""People stand at the door: it lets them in by the signature and tells us later."""


class CheckInBody(Input, frozen=True, kw_only=True):
    """`code` as scanned; `at`: when, if that was before now, because the door had no network."""

    code: str
    at: Moment | None = None


class CheckInView(msgspec.Struct, frozen=True, kw_only=True):
    ticket: str
    showtime: str
    seat: str
    checked_in_at: str


@post(
    "/v1/tickets/check-ins",
    operation_id="checkIn",
    tags=["cinemas"],
    guards=[need("door", "cinema", "operator")],
    security=[{"bearer": []}],
)
async def check_in_ticket(
    request: Request[Any, Any, Any], data: JSONBody[CheckInBody], rooms: OpenRooms
) -> Response[CheckInView]:
    """Checks a ticket in, once; an Idempotency-Key tells a repeat of the same scan from a copied ticket.

    `at` lies after the order was confirmed and not ahead of now, give or take a minute between the clocks.
    """
    at_ms = told_ms(data.at, rooms.store.clock.now_ms(), CLOCKS_APART_MS)
    code = rooms.tickets.read(data.code)
    if code is None:
        raise Refused(BadTicket())
    token, number = order_and_number(code.ticket)
    once = once_of(request)
    async with reaching_ledger():
        asked = check_in(rooms.pool, token, number, at_ms, once.request if once else None)
        found = checked_in(await within(LEDGER_PATIENCE_S, asked))
    view = CheckInView(
        ticket=code.ticket, showtime=found.showtime, seat=found.seat, checked_in_at=rfc3339(found.at_ms)
    )
    return Response(view, status_code=201, headers=NO_STORE)


def checked_in(answer: CheckInAnswer) -> CheckedIn:
    """The good answer; the others are refusals."""
    match answer:
        case CheckedIn():
            return answer
        case AlreadyIn():
            raise Refused(AlreadyCheckedIn(checked_in_at=rfc3339(answer.at_ms)))
        case NotLive():
            raise Refused(TicketVoid())
        case NotWritten():
            raise Refused(UnknownTicket())
        case TooEarly():
            raise Refused(BadRequest(why="at: the order was not confirmed then."))
        case _:
            assert_never(answer)
