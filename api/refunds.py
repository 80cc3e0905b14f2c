"""Refunds: the storefront reads which payments to give back, gives them back, and says so."""

import base64
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from api.callers import need
from api.moments import LATEST_MS, Moment, rfc3339, told_ms
from api.places import NO_STORE
from api.problems import Refused
from api.provider_events import Word
from api.refusals import BadRequest, UnknownRefund
from api.requests import Input, decode
from api.rooms import OpenRooms, reaching_ledger
from ledger.refunds import CLOCKS_APART_MS, Refund, RefundState, list_refunds, mark_sent
from ledger.trouble import within

PAGE_ROWS: Final = 100
LEDGER_PATIENCE_S: Final = 2.0
"""Nobody stands and waits for a refund, but a caller is better told early to come again."""
CALLERS: Final[dict[str, Any]] = {
    "tags": ["storefront"],
    "guards": [need("storefront", "operator")],
    "security": [{"bearer": []}],
}


class SentBody(Input, frozen=True, kw_only=True):
    """The payment given back, by `provider` and `reference`; `at`: when, if that was before now."""

    provider: Word
    reference: Word
    at: Moment | None = None


class RefundView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment for `order` that goes back (`due`) or has gone (`sent`).

    What the storefront told as paid has the provider `storefront`.
    """

    provider: str
    reference: str
    order: str
    amount: int
    currency: str
    why: str
    state: RefundState
    due_at: str
    sent_at: str | None = None


class Refunds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`next` of a full page is the `after` of the one behind it."""

    refunds: list[RefundView]
    next: str | None = None


class Key(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends. A refund keeps its place, whatever is sent meanwhile."""

    due_ms: Annotated[int, msgspec.Meta(ge=0, lt=LATEST_MS)]
    provider: str
    reference: str


@get("/v1/refunds", operation_id="listRefunds", **CALLERS)
async def get_refunds(
    rooms: OpenRooms,
    standing: Annotated[RefundState, QueryParameter(name="state")] = "due",
    after: Annotated[str, QueryParameter(max_length=2048)] = "",
) -> Response[Refunds]:
    """Which payments go back, or went back, longest due first; 100 a page, ask on while there is a `next`.

    What was paid a moment ago is there once the writer has brought it to Postgres.
    """
    key = key_of(after) if after else Key(0, "", "")
    async with reaching_ledger():
        asked = list_refunds(rooms.pool, standing, key.due_ms, key.provider, key.reference, PAGE_ROWS)
        found = await within(LEDGER_PATIENCE_S, asked)
    page = Refunds(
        refunds=[view_of(refund) for refund in found],
        next=after_of(found[-1]) if len(found) == PAGE_ROWS else None,
    )
    return Response(page, headers=NO_STORE)


# In the body, because a reference is any text, and one with a slash or of two dots would be another address.
@post("/v1/refunds/sent", operation_id="refundSent", status_code=200, **CALLERS)
async def refund_sent(data: JSONBody[SentBody], rooms: OpenRooms) -> Response[RefundView]:
    """The money of a payment was given back: it is owed no more, and so it stays when told again.

    `at` lies after it was due and not ahead of now, give or take a minute between the clocks.
    """
    at_ms = told_ms(data.at, rooms.store.clock.now_ms(), CLOCKS_APART_MS)
    async with reaching_ledger():
        asked = mark_sent(rooms.pool, data.provider, data.reference, at_ms)
        found = await within(LEDGER_PATIENCE_S, asked)
    if found is None:
        raise Refused(UnknownRefund())
    if found.state == "due":
        raise Refused(BadRequest(why="at: the refund was not due then."))
    return Response(view_of(found), headers=NO_STORE)


def view_of(refund: Refund) -> RefundView:
    return RefundView(
        provider=refund.provider,
        reference=refund.reference,
        order=f"o-{refund.token}",
        amount=refund.amount,
        currency=refund.currency,
        why=refund.why,
        state=refund.state,
        due_at=rfc3339(refund.due_ms),
        sent_at=None if refund.sent_ms is None else rfc3339(refund.sent_ms),
    )


def after_of(last: Refund) -> str:
    """The `after` of the page behind this refund."""
    key = msgspec.json.encode(Key(last.due_ms, last.provider, last.reference))
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def key_of(after: str) -> Key:
    """Where the page before ended; `bad-request` for what is no `next` of ours."""
    try:
        key = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
    except ValueError:
        raise Refused(BadRequest(why="after: this is not the `next` of a page.")) from None
    return decode(key, Key)
