"""Bad input: each kind is answered by the right problem, and nothing changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from api.requests import ID, MINOR_UNITS
from ledger import definitions
from ledger.pool import Pool
from store import keys
from store.connection import Store
from tests.api_doors import JSON, STOREFRONT, slug
from tests.api_stage import SALE, SHOWTIME, Stage, open_stage
from tests.conftest import WaitUntil

GOOD = b'{"title":"T","opens_at":"2026-01-01T10:00:00Z","capacity":5}'
DEEP = b"[" * 200_000
BIG = b'{"title":"' + b"x" * (10 * 1024 * 1024) + b'"}'
SALE_PATH, SHOW_PATH, PLAN_PATH = "/v1/sales/bad", "/v1/showtimes/bad", "/v1/plans/bad"
TWINS = (
    b'{"name":"n","categories":[{"key":"a","label":"A"}],"focal":{"x":0,"y":0},"rows":[{"label":"A","runs":[['
    b'{"label":"1","x":0,"y":0,"category":"a"},{"label":"1","x":1,"y":0,"category":"a"}]]}]}'
)


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


def changed(**fields: str) -> bytes:
    """A good sale with the text of some fields replaced."""
    body = GOOD
    for name, text in fields.items():
        before, _, after = body.partition(f'"{name}":'.encode())
        rest = after[after.index(b",") :] if b"," in after else b"}"
        body = before + f'"{name}":{text}'.encode() + rest
    return body


PUTS = [
    (SALE_PATH, b"", "application/json", "bad-request"),
    (SALE_PATH, b"{", "application/json", "bad-request"),
    (SALE_PATH, b"[]", "application/json", "bad-request"),
    (SALE_PATH, DEEP[:60_000], "application/json", "bad-request"),
    (SALE_PATH, b'{"title":"\xff\xfe"}', "application/json", "bad-request"),
    (SALE_PATH, changed(title='"a\\u0000b"'), "application/json", "bad-request"),
    (SALE_PATH, changed(capacity="1.0"), "application/json", "bad-request"),
    (SALE_PATH, changed(capacity='"5"'), "application/json", "bad-request"),
    (SALE_PATH, changed(capacity="0"), "application/json", "bad-request"),
    (SALE_PATH, changed(capacity="99999999999999999999"), "application/json", "bad-request"),
    (SALE_PATH, changed(opens_at='"2026-01-01T10:00:00"'), "application/json", "bad-request"),
    (SALE_PATH, changed(opens_at='"soon"'), "application/json", "bad-request"),
    (SALE_PATH, changed(opens_at='"1960-01-01T00:00:00Z"'), "application/json", "bad-request"),
    (SALE_PATH, changed(opens_at='"0001-01-01T00:00:00+14:00"'), "application/json", "bad-request"),
    (SALE_PATH, changed(opens_at='"9999-12-31T23:59:59-10:00"'), "application/json", "bad-request"),
    (SALE_PATH, GOOD[:-1] + b',"strange":1}', "application/json", "bad-request"),
    (SALE_PATH, GOOD[:-1] + b',"identity":"storefront"}', "application/json", "bad-request"),
    (SALE_PATH, GOOD, "text/plain", "unsupported-media"),
    (SALE_PATH, GOOD, "application/x-www-form-urlencoded", "unsupported-media"),
    (SALE_PATH, GOOD, "application/x-msgpack", "unsupported-media"),
    (SALE_PATH, BIG, "application/json", "too-large"),
    (SALE_PATH, b" " * 65_537, "application/json", "too-large"),
    ("/v1/sales/bad%00", GOOD, "application/json", "bad-request"),
    ("/v1/sales/" + "x" * 65, GOOD, "application/json", "bad-request"),
    ("/v1/sales/b%C3%A4d", GOOD, "application/json", "bad-request"),
    ("/v1/sales/a%20b", GOOD, "application/json", "bad-request"),
    ("/v1/sales/bad%0A", GOOD, "application/json", "bad-request"),
    ("/v1/sales/%2E%2E", GOOD, "application/json", "bad-request"),
    (PLAN_PATH, b"{", "application/json", "bad-request"),
    (PLAN_PATH, DEEP, "application/json", "bad-request"),
    (PLAN_PATH, b'{"name":"\xff"}', "application/json", "bad-request"),
    (PLAN_PATH, b"{}", "application/json", "bad-plan"),
    (PLAN_PATH, TWINS, "application/json", "bad-plan"),
    (PLAN_PATH, TWINS, "text/plain", "unsupported-media"),
    (PLAN_PATH + "?format=odd", TWINS, "application/json", "bad-request"),
    (PLAN_PATH, b" " * (8 * 1024 * 1024 + 1), "application/json", "too-large"),
    (SALE_PATH, GOOD, "application/json; charset=utf-8", "201"),
]


async def test_a_put_is_read_strictly(stage: Stage) -> None:
    for path, body, media, word in PUTS:
        answer = await stage.doors.put(path, content=body, headers=STOREFRONT | {"content-type": media})
        assert slug(answer) == word, (path, body[:80], media)
        sales = (await stage.doors.get("/v1/sales")).json()["sales"]
        assert len(sales) == (1 if word == "201" else 0)


@pytest.mark.parametrize(
    ("path", "pieces", "word"),
    [(SALE_PATH, 80, "too-large"), (PLAN_PATH, 9000, "too-large"), ("/v1/sales/bad/places", 80, "too-large")],
)
async def test_chunked_bodies_have_the_same_limit(stage: Stage, path: str, pieces: int, word: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b" " * 1024 for _ in range(pieces))

    async def content() -> AsyncIterator[bytes]:
        for chunk in chunks():
            yield chunk

    method = "POST" if path.endswith("places") else "PUT"
    answer = await stage.doors.request(method, path, content=content(), headers=STOREFRONT | JSON)
    assert slug(answer) == word


@pytest.mark.parametrize(
    "since", ["1.0", "1e0", "1.5", "null", "true", "+1", "01", "%201", "1%0A", "x", "", "1&since=2.0"]
)
async def test_a_version_is_a_whole_number(stage: Stage, since: str) -> None:
    await stage.delegate()
    assert slug(await stage.get(f"/v1/showtimes/late/seats?since={since}")) == "bad-request"


SAID = [
    (SALE_PATH, b"[]", "$: Expected `object`, got `array`."),
    (SALE_PATH, b"{", "$: Input data was truncated."),
    (SALE_PATH, GOOD[:-1] + b',"identity":"login"}', "$.identity must be one of guest, storefront."),
    (SALE_PATH, changed(capacity="0"), "$.capacity: Expected `int` >= 1."),
    (SALE_PATH, GOOD[:-1] + b',"strange":1}', "$: Object contains unknown field `strange`."),
    ("/v1/sales/a%20b", GOOD, f"sale must be {ID}."),
    (SHOW_PATH, SHOWTIME | {"sale": "a b"}, f"$.sale must be {ID}."),
    (SHOW_PATH, SHOWTIME | {"orphans": 7}, "$.orphans must be one of off, prefer, strict."),
    (SHOW_PATH, SHOWTIME | {"prices": {"front": 45.0}}, f"$.prices[...] must be {MINOR_UNITS}."),
    (SHOW_PATH, SHOWTIME | {"blocked": [1]}, "$.blocked[0]: Expected `str`, got `int`."),
    (
        SHOW_PATH,
        SHOWTIME | {"currency": "Yuan"},
        "$.currency must be an ISO 4217 code of three capital letters, such as CNY.",
    ),
    (PLAN_PATH, b"[]", "$: Expected `object`, got `array`."),
    (PLAN_PATH + "?format=excel", b"{}", "format must be one of pretix, seatsio, usher."),
]


async def test_a_complaint_says_where_and_what_is_needed(stage: Stage) -> None:
    for path, body, said in SAID:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = await stage.doors.put(path, content=content, headers=STOREFRONT | JSON)
        assert (slug(answer), answer.json()["detail"]) == ("bad-request", said)
    answer = await stage.post("/v1/showtimes/bad/holds", {"best": {"count": "2"}})
    assert answer.json()["detail"] == "$.best.count: Expected `int`, got `str`."


SHOWTIMES: list[tuple[dict[str, object], str]] = [
    ({"sale": "nowhere"}, "unknown-sale"),
    ({"plan": "nowhere"}, "unknown-plan"),
    ({"prices": {"front": 1}}, "bad-request"),
    ({"prices": {"front": 1, "back": 1, "side": 1}}, "bad-request"),
    ({"prices": {"front": -1, "back": 1}}, "bad-request"),
    ({"currency": "yuan"}, "bad-request"),
    ({"currency": "CNY\n"}, "bad-request"),
    ({"starts_at": "0001-01-01T00:00:00+14:00"}, "bad-request"),
    ({"orphans": "maybe"}, "bad-request"),
    ({"time_zone": "Moon/Base"}, "bad-request"),
    ({"time_zone": "../../etc/passwd"}, "bad-request"),
    ({"blocked": ["Z-1"]}, "no-such-seats"),
    ({"blocked": ["A-1"], "sold": ["A-1"]}, "bad-request"),
    ({"blocked": ["A-1"], "sold": ["A-2"]}, "201"),
]


async def test_a_showtime_fits_its_plan(stage: Stage) -> None:
    await stage.delegate()
    for changes, word in SHOWTIMES:
        assert slug(await stage.put(SHOW_PATH, SHOWTIME | changes)) == word, changes
        shows = (await stage.doors.get("/v1/showtimes?sale=night")).json()["showtimes"]
        assert len(shows) == (2 if word == "201" else 1)


async def test_definitions_put_again_change_nothing(stage: Stage) -> None:
    await stage.open()
    assert slug(await stage.put("/v1/sales/night", SALE)) == "200"
    assert slug(await stage.put("/v1/showtimes/late", SHOWTIME)) == "200"
    turned = {"prices": dict(reversed(SHOWTIME["prices"].items()))}
    assert slug(await stage.put("/v1/showtimes/late", SHOWTIME | turned)) == "200"
    assert slug(await stage.put("/v1/sales/night", SALE | {"title": "New", "capacity": 60})) == "200"
    assert slug(await stage.put("/v1/sales/night", SALE | {"draw": True})) == "already-on-sale"
    assert slug(await stage.put("/v1/showtimes/late", SHOWTIME | {"film": "Other"})) == "already-on-sale"
    assert slug(await stage.put("/v1/showtimes/early", SHOWTIME)) == "201"


async def test_definitions_put_at_once_end_as_one(stage: Stage, pool: Pool) -> None:
    await stage.delegate()
    wanted = [
        SHOWTIME
        | {"currency": ("CNY", "EUR")[n % 2], "prices": {"front": n, "back": n}, "blocked": [f"A-{n}"]}
        for n in range(1, 9)
    ]
    answers = await asyncio.gather(*(stage.put("/v1/showtimes/late", body) for body in wanted))
    assert {slug(answer) for answer in answers} == {"200"}
    stored = await definitions.find_showtime(pool, "late")
    assert stored is not None
    view = (await stage.get("/v1/showtimes/late")).json()
    assert (view["currency"], view["prices"]) == (stored.showtime.currency, stored.showtime.prices)

    async def shown() -> bool:
        taken = (await stage.get("/v1/showtimes/late/seats")).json()["taken"]
        return bool(taken == list(stored.showtime.blocked))

    await stage.wait_until(shown)


async def test_sales_put_at_once_end_as_one(stage: Stage, pool: Pool, store: Store) -> None:
    await stage.delegate()
    wanted = [SALE | {"title": f"T{n}", "capacity": 10 + n, "seats_per_fan": n} for n in range(1, 9)]
    answers = await asyncio.gather(*(stage.put("/v1/sales/night", body) for body in wanted))
    assert {slug(answer) for answer in answers} == {"200"}
    stored = await definitions.find_sale(pool, "night")
    assert stored is not None
    client: Any = store.client
    ruled = await client.hmget(keys.sale(stored.shard, "night"), "capacity", "seats_per_fan")
    assert [int(one) for one in ruled] == [stored.capacity, stored.seats_per_fan]
    [listed] = (await stage.doors.get("/v1/sales")).json()["sales"]
    assert (listed["title"], listed["seats_per_fan"]) == (stored.title, stored.seats_per_fan)
