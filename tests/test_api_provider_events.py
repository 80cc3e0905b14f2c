"""Signed events of payment providers: who may tell us that money came."""

from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from api.problems import Refused, row_of
from api.provider_events import EventPayment, PaymentEvent, event, verified
from tests.api_doors import WHSEC

OTHER = "whsec_" + "b3RoZXJvdGhlcm90aGVyb3RoZXI="
PAYMENT = EventPayment(order="o-1-x", amount=9000, currency="CNY", method="card", reference="p-1")
BODY = event("payment.succeeded", "2026-11-21T10:00:00Z", PAYMENT)


def signed(body: bytes, secret: str = WHSEC, minutes_old: float = 0) -> dict[str, str]:
    """The headers of an event signed so long ago."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_old)
    signature = Webhook(secret).sign("evt_1", at, body.decode())
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def word(body: bytes, headers: dict[str, str]) -> str:
    try:
        found = verified(WHSEC, body, headers)
    except Refused as refused:
        return row_of(refused.refusal).slug
    return "ignored" if found is None else found.type


def test_an_event_is_believed_only_when_its_provider_signed_it_just_now() -> None:
    unknown, bare = b'{"type":"dispute.opened"}', b'{"type":"payment.succeeded"}'
    two = {"webhook-signature": f"v1,AAAA {signed(BODY)['webhook-signature']}"}
    table: list[tuple[bytes, dict[str, str], str]] = [
        (BODY, {}, "bad-token"),
        (BODY, signed(BODY, OTHER), "bad-token"),
        (BODY, signed(BODY + b" "), "bad-token"),
        (BODY, signed(BODY, minutes_old=10), "bad-token"),
        (BODY, signed(BODY, minutes_old=-10), "bad-token"),
        (BODY, signed(BODY) | {"webhook-signature": "v1"}, "bad-token"),
        (BODY, signed(BODY) | {"webhook-signature": "v1,%%%"}, "bad-token"),
        (b"\xff", signed(BODY), "bad-token"),
        (b"{}", signed(b"{}"), "bad-request"),
        (bare, signed(bare), "bad-request"),
        (unknown, signed(unknown), "ignored"),
        (BODY, signed(BODY, minutes_old=4), "payment.succeeded"),
        (BODY, signed(BODY) | two, "payment.succeeded"),
    ]
    for body, headers, expected in table:
        assert word(body, headers) == expected, (body, headers)


def test_the_payment_is_read() -> None:
    assert verified(WHSEC, BODY, signed(BODY)) == PaymentEvent(type="payment.succeeded", data=PAYMENT)
