"""Every refusal a caller can meet: one row each, from its type to the problem the wire shows.

A room answers with a refusal value; `Refused(value)` carries it out of a route and `response()` turns it
into an RFC 9457 document. The refusal's fields travel as members of the problem, so a page can act on them.
"""

from typing import Any, Final

import msgspec
from litestar.response import Response

from allocator import answers
from api import refusals
from api.problem_table import ROWS, Row
from api.words import plain_money
from waiting_room import answers as queue

Refusal = (
    answers.HoldRefusal
    | answers.UnknownHold
    | answers.HoldExpired
    | answers.UnknownOrder
    | answers.AlreadyPaid
    | answers.WrongAmount
    | answers.LateRefunded
    | refusals.BadRequest
    | refusals.TooLarge
    | refusals.UnsupportedMedia
    | refusals.Unsigned
    | refusals.WrongKey
    | refusals.NotAllowed
    | refusals.NoSuchPage
    | refusals.WrongMethod
    | refusals.TooMany
    | refusals.Crowded
    | refusals.InProgress
    | refusals.IdempotencyMismatch
    | queue.BadToken
    | queue.WrongSale
    | queue.ExpiredPass
    | queue.UnknownSale
    | queue.NotYourTurn
    | queue.CannotMove
    | refusals.UnknownShowtime
    | refusals.UnknownPlan
    | refusals.UnknownContract
    | refusals.UnknownCinema
    | refusals.BadTicket
    | refusals.UnknownTicket
    | refusals.TicketVoid
    | refusals.AlreadyCheckedIn
    | refusals.UnknownProvider
    | refusals.UnknownRefund
    | refusals.UnknownAlarm
    | refusals.AlarmStands
    | refusals.AlreadyOnSale
    | refusals.HoldPaid
    | refusals.PaidElsewhere
    | refusals.BadDefinition
    | refusals.StoreAway
    | refusals.LedgerAway
    | refusals.IdentityAway
    | refusals.OurFault
)
MEDIA_TYPE: Final = "application/problem+json"


class Refused(Exception):
    """The call ends with this refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(type(refusal).__name__)
        self.refusal = refusal


def row_of(refusal: Refusal) -> Row:
    return ROWS[type(refusal)]


def document(refusal: Refusal) -> dict[str, Any]:
    """The members of the problem; the refusal's own come first, so that none hides a standard one."""
    row = row_of(refusal)
    fields: dict[str, Any] = msgspec.to_builtins(refusal)
    return {
        **fields,
        "type": f"/problems/{row.slug}",
        "title": row.title,
        "status": row.status,
        "detail": row.detail.format_map(sentence_parts(fields)),
        "next": row.next,
    }


def headers(refusal: Refusal) -> dict[str, str]:
    """`Retry-After` when asking again makes sense, and never a cache."""
    found = {"cache-control": "no-store"}
    retry_s = getattr(refusal, "retry_after_s", row_of(refusal).retry_s)
    if retry_s is not None:
        found["retry-after"] = str(retry_s)
    if row_of(refusal).status == 401:
        found["www-authenticate"] = "Bearer"
    return found


def response(refusal: Refusal) -> Response[bytes]:
    return Response(
        msgspec.json.encode(document(refusal)),
        status_code=row_of(refusal).status,
        media_type=MEDIA_TYPE,
        headers=headers(refusal),
    )


def sentence_parts(fields: dict[str, Any]) -> dict[str, str]:
    """The fields as they stand in a sentence, and `money` for an amount with its currency."""
    parts = {name: spoken(value) for name, value in fields.items()}
    if {"amount", "currency"} <= fields.keys():
        parts["money"] = plain_money(fields["amount"], fields["currency"])
    return parts


def spoken(value: Any) -> str:
    """A field as it stands in a sentence."""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
