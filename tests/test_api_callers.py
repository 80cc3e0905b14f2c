"""Who may do what: keys with roles for machines, tokens for fans."""

from collections.abc import AsyncIterator

import pytest

from ledger.pool import Pool
from store.connection import Store
from tests.api_doors import CINEMA, JSON, slug
from tests.api_stage import Stage, open_stage
from tests.conftest import WaitUntil

PUT, POST, GET = "PUT", "POST", "GET"
SALE, PAY = b'{"title":"T","opens_at":"2026-01-01T10:00:00Z","capacity":5}', b"{}"

CALLS = [
    (PUT, "/v1/plans/p", "", "bad-token"),
    (PUT, "/v1/plans/p", "nonsense", "bad-token"),
    (PUT, "/v1/plans/p", "operator-key", "not-allowed"),
    (PUT, "/v1/sales/s", "", "bad-token"),
    (PUT, "/v1/sales/s", "operator-key", "not-allowed"),
    (PUT, "/v1/sales/s", "cinema-key", "not-allowed"),
    (PUT, "/v1/sales/made", "storefront-key", "201"),
    (PUT, "/v1/showtimes/f", "door-key", "not-allowed"),
    (POST, "/v1/sales/s/open", "", "bad-token"),
    (POST, "/v1/sales/s/open", "storefront-key", "not-allowed"),
    (POST, "/v1/sales/s/open", "operator-key", "unknown-sale"),
    (POST, "/v1/sales/s/pause", "storefront-key", "not-allowed"),
    (POST, "/v1/sales/s/resume", "storefront-key", "not-allowed"),
    (POST, "/v1/sales/s/close", "storefront-key", "not-allowed"),
    (GET, "/v1/sales/s", "", "bad-token"),
    (GET, "/v1/sales/s", "cinema-key", "not-allowed"),
    (GET, "/v1/sales/s", "operator-key", "unknown-sale"),
    (GET, "/v1/sales/s", "storefront-key", "unknown-sale"),
    (POST, "/v1/showtimes/f/reclaim", "operator-key", "not-allowed"),
    (POST, "/v1/showtimes/f/reclaim", "storefront-key", "unknown-showtime"),
    (POST, "/v1/orders/o-1-x/payments", "", "bad-token"),
    (POST, "/v1/orders/o-1-x/payments", "operator-key", "not-allowed"),
    (GET, "/v1/settlements?cinema=c&day=2026-01-01", "", "bad-token"),
    (GET, "/v1/settlements?cinema=c&day=2026-01-01", "door-key", "not-allowed"),
    (GET, "/v1/settlements?cinema=c&day=2026-01-01", "cinema-key", "unknown-cinema"),
    (GET, "/v1/settlements?cinema=c&day=someday", "cinema-key", "bad-request"),
    (PUT, "/v1/contracts", "storefront-key", "not-allowed"),
    (GET, "/v1/contracts", "operator-key", "200"),
    (GET, "/v1/tickets/key", "", "bad-token"),
    (GET, "/v1/tickets/key", "door-key", "200"),
    (POST, "/v1/tickets/check-ins", "", "bad-token"),
    (POST, "/v1/tickets/check-ins", "storefront-key", "not-allowed"),
    (POST, "/v1/tickets/check-ins", "door-key", "bad-request"),
    (GET, "/v1/refunds", "", "bad-token"),
    (GET, "/v1/refunds", "cinema-key", "not-allowed"),
    (GET, "/v1/refunds", "operator-key", "200"),
    (POST, "/v1/refunds/sent", "", "bad-token"),
    (POST, "/v1/refunds/sent", "door-key", "not-allowed"),
    (POST, "/v1/refunds/sent", "storefront-key", "bad-request"),
    (GET, "/v1/sales", "", "200"),
    (GET, "/.well-known/jwks.json", "", "200"),
]


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def test_a_call_asks_for_its_key(stage: Stage) -> None:
    for method, path, key, word in CALLS:
        headers = JSON | ({"authorization": f"Bearer {key}"} if key else {})
        body = SALE if method == PUT else PAY if method == POST else None
        answer = await stage.doors.request(method, path, content=body, headers=headers)
        assert slug(answer) == word, (method, path, key)


async def test_odd_authorizations_open_nothing(stage: Stage) -> None:
    for odd in ("Basic c3RvcmVmcm9udA==", "Bearer", "Bearer " + "x" * 5000, "Bearer storefront-ke"):
        answer = await stage.doors.get("/v1/sales/s", headers={"authorization": odd})
        assert slug(answer) == "bad-token", odd
        assert answer.headers["www-authenticate"] == "Bearer"


SAID = [
    (
        GET,
        "/v1/sales/s",
        "",
        "No `Authorization: Bearer` was sent. This call takes the API key of: storefront, operator.",
    ),
    (
        PUT,
        "/v1/sales/s",
        "odd",
        "The API key is not one of ours. This call takes the API key of: storefront.",
    ),
    (PUT, "/v1/sales/s", "operator-key", "The operator's key does not open this call."),
    (POST, "/v1/showtimes/late/holds", "storefront-key", "An API key is no pass: this call is a fan's."),
    (POST, "/v1/showtimes/late/holds", "odd", "This token is not one of ours."),
]


async def test_what_is_said_to_who_comes_with_the_wrong_key(stage: Stage) -> None:
    await stage.delegate()
    for method, path, key, said in SAID:
        headers = JSON | ({"authorization": f"Bearer {key}"} if key else {})
        body = None if method == GET else b'{"seats":["A-1"]}' if method == POST else SALE
        answer = await stage.doors.request(method, path, content=body, headers=headers)
        assert answer.json()["detail"] == said


async def test_a_cinema_that_sold_nothing_is_known(stage: Stage) -> None:
    await stage.delegate()
    for cinema, word in (("Roxy", "200"), ("roxy", "unknown-cinema")):
        path = f"/v1/settlements?cinema={cinema}&day=2020-01-01"
        assert slug(await stage.doors.get(path, headers=CINEMA)) == word
