"""Pages, schema and metrics: what people and machines read beside the calls."""

import re
from collections.abc import AsyncIterator

import pytest

from ledger.pool import Pool
from store.connection import Store
from tests.api_doors import slug
from tests.api_stage import HALL, SALE, SHOWTIME, Stage, open_stage
from tests.conftest import WaitUntil

CALLS = """
DELETE /v1/holds/{hold_id}
GET /v1/orders/{order}
GET /v1/refunds
GET /v1/sales/{sale}
GET /v1/sales/{sale}/place
GET /v1/sales/{sale}/pulse
GET /v1/settlements
GET /v1/showtimes
GET /v1/showtimes/{showtime}
GET /v1/showtimes/{showtime}/plan
GET /v1/showtimes/{showtime}/seats
POST /v1/orders
POST /v1/orders/{order}/payments
POST /v1/payments/{provider}/events
POST /v1/refunds/sent
POST /v1/sales/{sale}/close
POST /v1/sales/{sale}/open
POST /v1/sales/{sale}/pass
POST /v1/sales/{sale}/pause
POST /v1/sales/{sale}/places
POST /v1/sales/{sale}/resume
POST /v1/showtimes/{showtime}/holds
POST /v1/showtimes/{showtime}/reclaim
POST /v1/tickets/check-ins
PUT /v1/plans/{plan}
PUT /v1/sales/{sale}
PUT /v1/showtimes/{showtime}
"""


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def test_the_page_lists_the_sale_and_runs_only_our_files(stage: Stage) -> None:
    await stage.delegate(sale={"title": "<b>Premiere</b>"})
    page = await stage.doors.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;Premiere" in page.text
    assert "Lantern" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text)
    for path in re.findall(r'(?:src|href)="(/pages/[^"]+)"', page.text):
        assert slug(await stage.doors.get(path)) == "200"
    for module in ("doors.js", "journey.js"):
        answer = await stage.doors.get(f"/pages/{module}")
        assert "javascript" in answer.headers["content-type"]


async def test_a_page_speaks_as_asked_and_remembers_it(stage: Stage) -> None:
    await stage.delegate()
    chinese = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
    assert '<html lang="en">' in (await stage.doors.get("/")).text
    assert '<html lang="zh">' in (await stage.doors.get("/sales/night", headers=chinese)).text
    chosen = await stage.doors.get("/?lang=en", headers=chinese)
    assert chosen.headers["content-language"] == "en"
    again = await stage.doors.get("/", headers=chinese)
    assert '<html lang="en">' in again.text


async def test_a_closed_sale_is_listed_until_its_last_showtime_begins(stage: Stage) -> None:
    for sale, starts_at in (("over", "2020-01-01T19:30:00Z"), ("to-come", "2090-01-01T19:30:00Z")):
        assert (await stage.put("/v1/plans/hall", HALL)).status_code in (200, 201)
        assert (await stage.put(f"/v1/sales/{sale}", SALE)).status_code == 201
        show = SHOWTIME | {"sale": sale, "starts_at": starts_at}
        assert (await stage.put(f"/v1/showtimes/{sale}-1", show)).status_code == 201
    assert await listed(stage) == {"over", "to-come"}
    for sale in ("over", "to-come"):
        assert (await stage.move("close", sale=sale)).status_code == 200
    assert await listed(stage) == {"to-come"}
    assert slug(await stage.doors.get("/sales/over")) == "200"


async def listed(stage: Stage) -> set[str]:
    return set(re.findall(r'<article class="card" data-sale="([^"]+)"', (await stage.doors.get("/")).text))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", []),
        ("/sales/night", ["This page needs JavaScript to keep your place in the line."]),
        ("/orders/{order}", ["Without JavaScript this page changes only when you reload it."]),
        ("/orders/nothing", []),
        ("/operator", ["This page needs JavaScript to show a sale and to move it."]),
    ],
)
async def test_a_page_says_what_it_cannot_do_without_scripts(
    stage: Stage, path: str, said: list[str]
) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1")
    html = {"accept": "text/html"}
    page = await stage.doors.get(path.format(order=order["order"]), headers=html)
    assert re.findall(r"<noscript><p[^>]*>(.*?)</p></noscript>", page.text) == said


async def test_files_come_packed_and_are_kept_under_their_digest(stage: Stage) -> None:
    page = await stage.doors.get("/")
    (path,) = re.findall(r'href="(/pages/[^"]+/parts.css)"', page.text)
    packed = await stage.doors.get(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    plain = await stage.doors.get(path, headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    older = await stage.doors.get("/pages/0123456789ab/parts.css")
    assert older.headers["cache-control"] == "no-cache"


async def test_an_order_has_a_page_with_its_tickets(stage: Stage) -> None:
    await stage.open()
    order = await stage.order(await stage.come_in(), "A-1", "A-2")
    path = f"/orders/{order['order']}"
    assert 'data-step="paying"' in (await stage.doors.get(path)).text
    assert 'data-step="declined"' in (await stage.doors.get(f"{path}?outcome=declined")).text
    assert (await stage.pay(order)).status_code == 201
    page = (await stage.doors.get(f"{path}?outcome=declined")).text
    assert 'data-step="confirmed"' in page
    assert page.count('data-at="ticket"') == page.count('class="qr"') == 2
    picture = await stage.doors.get(f"{path}/tickets/2.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert slug(await stage.doors.get(f"{path}/tickets/3.svg")) == "not-found"


@pytest.mark.parametrize("path", ["/orders/o-nothing", "/sales/nothing", "/nothing", "/orders/%20"])
async def test_a_browser_reads_a_problem_in_words(stage: Stage, path: str) -> None:
    page = await stage.doors.get(path, headers={"accept": "text/html", "accept-language": "zh"})
    assert page.status_code == 404
    assert 'data-step="problem"' in page.text
    assert "没有" in page.text or "不存在" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/pages/nothing.js",
        "/pages/../app.py",
        "/pages/%2e%2e/app.py",
        "/pages/layout.html",
        "/pages/layout.html/x",
    ],
)
async def test_nothing_else_is_served(stage: Stage, path: str) -> None:
    assert slug(await stage.doors.get(path)) == "not-found"


async def test_the_schema_names_every_call_once(stage: Stage) -> None:
    schema = (await stage.doors.get("/schema/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    calls = {
        (method.upper(), path): call
        for path, calls in schema["paths"].items()
        for method, call in calls.items()
    }
    names = [call["operationId"] for call in calls.values()]
    assert len(names) == len(set(names))
    wanted = {tuple(line.split()) for line in CALLS.split("\n") if line}
    assert wanted <= calls.keys()
    assert "SaleBody" in str(calls["PUT", "/v1/sales/{sale}"]["requestBody"])


async def test_metrics_tell_how_the_sale_stands(stage: Stage) -> None:
    await stage.open()
    await stage.order(await stage.come_in(), "A-1", "A-2")

    async def told() -> bool:
        text = (await stage.doors.get("/metrics")).text
        return 'usher_held{sale="night"} 2.0' in text and 'usher_inside{sale="night"} 1.0' in text

    await stage.wait_until(told)
    text = (await stage.doors.get("/metrics")).text
    assert 'usher_free{sale="night"} 22.0' in text
    assert "usher_store_up 1.0" in text
    assert 'route="/v1/sales/{sale}/place"' in text
    assert "night/place" not in text


async def test_a_plan_is_read_once(stage: Stage) -> None:
    await stage.delegate()
    path = "/v1/showtimes/late/plan"
    first = await stage.doors.get(path)
    assert [row["label"] for row in first.json()["plan"]["rows"]] == ["A", "B", "C"]
    again = await stage.doors.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert slug(await stage.doors.get("/v1/showtimes/nowhere/plan")) == "unknown-showtime"


async def test_a_problem_explains_itself(stage: Stage) -> None:
    met = (await stage.doors.get("/v1/showtimes/nowhere")).json()
    told = (await stage.doors.get(met["type"])).json()
    assert (told["slug"], told["status"]) == ("unknown-showtime", 404)
    assert slug(await stage.doors.get("/problems/nothing")) == "not-found"


async def test_every_call_may_answer_with_a_problem(stage: Stage) -> None:
    answer = await stage.doors.get("/schema")
    assert "json" in answer.headers["content-type"]
    for path, calls in answer.json()["paths"].items():
        for method, call in calls.items():
            assert "application/problem+json" in call["responses"]["default"]["content"], (method, path)
