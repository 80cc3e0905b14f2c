"""What is asked of the turnstiles in tests: requests plain and odd, with what is to be said."""

from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

from api.settings import Limits
from tests.api_doors import WHSEC

Headers = dict[str, str]
JOIN, HOLD, ORDER, PAID = (
    "/v1/sales/night/places",
    "/v1/showtimes/late/holds",
    "/v1/orders",
    "/v1/payments/acme/events",
)
LIMITS: Final = Limits(holds_per_fan_burst=10_000)
JSON: Final = "application/json"
BEST: Final = b'{"best":{"count":1,"category":"front"}}'
DEEP: Final = b"[" * 50_000
EVENT: Final = (
    b'{"type":"payment.succeeded","data":{"order":"%s","amount":%d,"currency":"CNY","reference":"r"}}'
)


BODIES: Final[list[tuple[str, bytes, Headers, int, str]]] = [
    (JOIN, b"", {}, 200, "here"),
    (JOIN, b"{}", {}, 200, "here"),
    (JOIN, b"null", {}, 200, "here"),
    (JOIN, b'{"identity":"x.y.z"}', {}, 200, "here"),
    (JOIN, b"{}", {"content-type": "application/json; charset=utf-8"}, 200, "here"),
    (JOIN, b"{}", {"content-type": ""}, 200, "behind"),
    (JOIN, b"{}", {"content-type": "application/vnd.api+json"}, 200, "behind"),
    (JOIN, b"{}", {"content-type": "text/plain"}, 415, "behind"),
    (JOIN, b"{}", {"content-length": ""}, 200, "behind"),
    (JOIN, b"{}", {"content-length": "-2"}, 200, "behind"),
    (JOIN, b"[]", {}, 400, "behind"),
    (JOIN, b'{"strange":1}', {}, 400, "behind"),
    (JOIN, b'{"identity":"\xff"}', {}, 400, "behind"),
    (JOIN, b'{"identity":"a\\u0000"}', {}, 400, "behind"),
    (JOIN, DEEP, {}, 400, "behind"),
    (JOIN, b" " * 65_537, {}, 413, "behind"),
    (JOIN + "/", b"{}", {}, 200, "here"),
    ("/v1/sales/nowhere/places", b"{}", {}, 404, "behind"),
    ("/v1/sales/../places", b"{}", {}, 400, "behind"),
    ("/v1/sales//places", b"{}", {}, 405, "behind"),
    ("/v2/sales/night/places", b"{}", {}, 404, "behind"),
    ("/v1/sales/night/seats", b"{}", {}, 404, "behind"),
    (HOLD, BEST, {}, 201, "here"),
    (HOLD, b'{"seats":["A-1","A-2"]}', {}, 201, "here"),
    (HOLD, b'{"best":{"count":25,"category":"front"}}', {}, 409, "here"),
    (HOLD, b'{"best":{"count":26,"category":"front"}}', {}, 400, "behind"),
    (HOLD, b'{"best":{"count":1.0,"category":"front"}}', {}, 400, "behind"),
    (HOLD, b'{"best":{"count":1}}', {}, 400, "here"),
    (HOLD, b'{"best":{"count":1,"category":"roof"}}', {}, 400, "here"),
    (HOLD, b'{"seats":["Z-1"]}', {}, 422, "here"),
    (HOLD, b'{"seats":["A-1","A-1"]}', {}, 400, "here"),
    (HOLD, b'{"seats":[]}', {}, 400, "behind"),
    (HOLD, b"{}", {}, 400, "here"),
    (HOLD, b"", {}, 400, "behind"),
    (HOLD, b"{", {}, 400, "behind"),
    (HOLD, DEEP, {}, 400, "behind"),
    (HOLD, BEST, {"authorization": ""}, 401, "here"),
    (HOLD, BEST, {"authorization": "Bearer"}, 401, "here"),
    (HOLD, BEST, {"authorization": "Basic abc"}, 401, "here"),
    (HOLD, BEST, {"authorization": "Bearer \xe4"}, 401, "here"),
    (HOLD, BEST, {"authorization": "Bearer a.b.c"}, 401, "here"),
    (HOLD, BEST, {"authorization": "Bearer " + "x" * 3000}, 401, "here"),
    (HOLD, BEST, {"content-type": "text/html"}, 415, "behind"),
    ("/v1/showtimes/nothing/holds", BEST, {}, 404, "behind"),
    ("/v1/showtimes/late/holds/more", BEST, {}, 404, "behind"),
    (ORDER, b'{"hold":"h-1-0000000000000000"}', {}, 404, "here"),
    (ORDER, b'{"hold":"h-zz-0000000000000000"}', {}, 404, "here"),
    (ORDER, b'{"hold":"o-1-0000000000000000"}', {}, 404, "here"),
    (ORDER, b'{"hold":""}', {}, 404, "here"),
    (ORDER, b'{"hold":1}', {}, 400, "behind"),
    (ORDER, b"{}", {}, 400, "behind"),
    (ORDER + "/", b'{"hold":""}', {}, 404, "here"),
    (PAID, b"{}", {}, 401, "here"),
    (PAID, b"{}", {"webhook-id": "a", "webhook-timestamp": "b", "webhook-signature": "c"}, 401, "here"),
    ("/v1/payments/nobody/events", b"{}", {}, 404, "behind"),
]


def signed(body: bytes) -> Headers:
    now = datetime.now(UTC)
    return {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(WHSEC).sign("m-1", now, body.decode(errors="replace")),
    }
