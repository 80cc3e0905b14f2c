"""Payment providers' events, signed by Standard Webhooks: `webhook-id`, `webhook-timestamp`,
`webhook-signature`.

The body is `{"type": "payment.succeeded" | "payment.declined", "timestamp": ..., "data": {"order", "amount",
"currency", "method", "reference"}}`. A signature older or newer than five minutes is refused. What
is not about a payment is taken and left alone, because a provider adds kinds of events without asking.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import msgspec
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.problems import Refused
from api.refusals import Unsigned
from api.requests import MINOR_UNITS, Currency, decode

Amount = Annotated[int, msgspec.Meta(ge=0, le=10**15, description=MINOR_UNITS)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


_signer: Final = lru_cache(maxsize=64)(Webhook)
"""A provider's secret, read once."""


class EventPayment(msgspec.Struct, frozen=True, kw_only=True):
    """`reference` is the provider's name of this payment; (provider, reference) is one payment for ever."""

    order: Annotated[str, msgspec.Meta(max_length=64)]
    amount: Amount
    currency: Currency
    method: Word = "card"
    reference: Word


class PaymentEvent(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["payment.succeeded", "payment.declined"]
    data: EventPayment


class AnyEvent(msgspec.Struct, frozen=True, kw_only=True):
    type: str


_any_event: Final = msgspec.json.Decoder(AnyEvent)
_payment_event: Final = msgspec.json.Decoder(PaymentEvent)


def verified(secret: str, body: bytes, headers: Mapping[str, str]) -> PaymentEvent | None:
    """The event, None when it is not about a payment; `bad-token` unless the provider signed it just now."""
    try:
        _signer(secret).verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        raise Refused(Unsigned(why=f"The event's signature: {error}.")) from None
    except ValueError:
        raise Refused(Unsigned(why="The event's signature cannot be read.")) from None
    if decode(body, _any_event).type not in ("payment.succeeded", "payment.declined"):
        return None
    return decode(body, _payment_event)


def event(kind: str, at: str, payment: EventPayment) -> bytes:
    """The body a provider sends."""
    content: dict[str, Any] = {"type": kind, "timestamp": at, "data": payment}
    return msgspec.json.encode(content)
