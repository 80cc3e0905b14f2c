"""Holds over HTTP: every refusal in the order in which it wins, and what a hold promises."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from allocator.sale import SaleId
from ledger.pool import Pool
from store.connection import Store
from tests.api_doors import SECRET, STOREFRONT, slug
from tests.api_stage import HALL, SALE, SHOWTIME, Stage, open_stage
from tests.conftest import WaitUntil
from waiting_room.keyring import Keyring
from waiting_room.passes import Pass, Passes

BEST: dict[str, Any] = {"best": {"count": 2, "category": "back"}}


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until) as opened:
        yield opened


async def test_a_hold_says_what_it_cannot_do(stage: Stage) -> None:
    await stage.open(sale={"seats_per_fan": 6}, showtime={"blocked": ["B-1"], "orphans": "strict"})
    pass_ = await stage.come_in()
    await stage.hold(await stage.come_in(), {"seats": ["C-1", "C-2"]})
    table: list[tuple[dict[str, Any], str]] = [
        ({}, "bad-request"),
        ({"seats": ["A-1"], **BEST}, "bad-request"),
        ({"seats": []}, "bad-request"),
        ({"seats": ["A-1", "A-1"]}, "bad-request"),
        ({"seats": ["A-1"] * 26}, "bad-request"),
        ({"best": {"count": 0, "category": "back"}}, "bad-request"),
        ({"best": {"count": 2}}, "bad-request"),
        ({"best": {"count": 2, "category": "side"}}, "bad-request"),
        ({"seats": [f"A-{n}" for n in range(1, 8)]}, "over-limit"),
        ({"seats": ["Z-1"]}, "no-such-seats"),
        ({"seats": ["C-1", "C-3"]}, "seats-taken"),
        ({"seats": ["B-1"]}, "seats-taken"),
        ({"seats": ["C-4", "C-5"]}, "leaves-single"),
        ({"seats": ["C-3", "C-4"]}, "201"),
        ({"best": {"count": 2, "category": "front"}}, "201"),
    ]
    for want, word in table:
        answer = await stage.hold(pass_, want)
        # The bucket of one fan is smaller than the table.
        while slug(answer) == "too-many":
            await asyncio.sleep(int(answer.headers["retry-after"]))
            answer = await stage.hold(pass_, want)
        assert slug(answer) == word, (want, answer.text)


async def test_refusals_name_what_a_page_needs(stage: Stage) -> None:
    await stage.open(sale={"seats_per_fan": 8}, showtime={"orphans": "strict"})
    first, second = await stage.come_in(), await stage.come_in()
    assert slug(await stage.hold(first, {"seats": ["A-1", "A-2", "A-3", "A-4"]})) == "201"
    over = (await stage.hold(first, {"best": {"count": 5, "category": "back"}})).json()
    assert over["left"] == 4
    taken = (await stage.hold(second, {"seats": ["A-4", "A-5"]})).json()
    assert taken["seats"] == ["A-4"]
    alone = (await stage.hold(second, {"seats": ["A-6", "A-7"]})).json()
    assert alone["single"] in ("A-5", "A-8")
    assert len(alone["instead"]) == 2
    fit = await stage.hold(second, {"best": {"count": 5, "category": "front"}})
    assert slug(fit) == "no-fit"
    assert fit.json()["largest"] == 4


async def test_a_full_category_is_sold_out(stage: Stage) -> None:
    await stage.open(showtime={"sold": [f"A-{n}" for n in range(1, 9)]})
    answer = await stage.hold(await stage.come_in(), {"best": {"count": 1, "category": "front"}})
    assert slug(answer) == "sold-out"


async def test_a_pass_opens_one_sale_only(stage: Stage) -> None:
    await stage.open()
    await stage.put("/v1/sales/matinee", SALE)
    await stage.put("/v1/showtimes/early", SHOWTIME | {"sale": "matinee"})
    await stage.move("open", sale="matinee")
    pass_, place = await stage.come_in(), await stage.join()
    assert slug(await stage.hold(pass_, BEST, "early")) == "not-allowed"
    assert slug(await stage.hold(pass_, BEST, "nowhere")) == "unknown-showtime"
    assert slug(await stage.hold("", BEST)) == "bad-token"
    assert slug(await stage.hold(place, BEST)) == "bad-token"
    assert slug(await stage.hold(pass_[:-6] + "AAAAAA", BEST)) == "bad-token"
    assert slug(await stage.hold(pass_, BEST)) == "201"


async def test_an_expired_pass_is_no_pass(stage: Stage) -> None:
    await stage.open(sale={"shopping_s": 1})
    pass_ = await stage.come_in()

    async def expired() -> bool:
        answer = await stage.hold(pass_, {"seats": ["Z-1"]})
        return answer.status_code == 401 and "expired" in answer.json()["detail"]

    await stage.wait_until(expired)


async def test_a_pass_from_before_the_open_takes_no_seats(stage: Stage, store: Store) -> None:
    await stage.delegate()
    now_ms = store.clock.now_ms() // 1000 * 1000
    early = Pass(sale=SaleId("night"), fan="00ff", entry=0, issued_ms=now_ms, expires_ms=now_ms + 60_000)
    text = Passes(Keyring.derive(SECRET).passes).write(early)
    assert slug(await stage.hold(text, BEST)) == "sale-not-open"


async def test_the_sale_decides_whether_seats_are_given(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    await stage.move("pause", {"reason": "The projector is being mended."})
    paused = await stage.hold(pass_, BEST)
    assert slug(paused) == "sale-paused"
    assert paused.json()["detail"] == "The projector is being mended."
    await stage.move("resume")
    assert slug(await stage.hold(pass_, BEST)) == "201"
    await stage.move("close")
    assert slug(await stage.hold(pass_, BEST)) == "sale-closed"


async def test_seats_given_back_are_free_again(stage: Stage) -> None:
    await stage.open()
    pass_, other = await stage.come_in(), await stage.come_in()
    hold = (await stage.hold(pass_, {"seats": ["A-1", "A-2"]})).json()["hold"]
    release = f"/v1/holds/{hold}"
    bearer = {"authorization": f"Bearer {pass_}"}
    assert slug(await stage.doors.delete(release)) == "bad-token"
    assert (
        slug(await stage.doors.delete(release, headers={"authorization": f"Bearer {other}"})) == "not-allowed"
    )
    for path in ("/v1/holds/nonsense", "/v1/holds/h-1-nonsense", f"/v1/holds/{hold[:-4]}0000"):
        assert slug(await stage.doors.delete(path, headers=bearer)) == "unknown-hold"
    assert slug(await stage.hold(other, {"seats": ["A-1", "A-2"]})) == "seats-taken"
    assert slug(await stage.doors.delete(release, headers=bearer)) == "204"
    assert slug(await stage.doors.delete(release, headers=bearer)) == "204"
    assert slug(await stage.hold(other, {"seats": ["A-1", "A-2"]})) == "201"


async def test_a_fan_who_asks_all_the_time_waits(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    answers = await asyncio.gather(*(stage.hold(pass_, {"seats": ["Z-1"]}) for _ in range(40)))
    assert {slug(answer) for answer in answers} == {"no-such-seats", "too-many"}
    assert slug(await stage.hold(await stage.come_in(), BEST)) == "201"


async def test_a_page_of_a_showtime_that_moved_to_another_hall(stage: Stage) -> None:
    await stage.delegate(showtime={"blocked": ["A-1"]})
    path = "/v1/showtimes/late/seats"
    before = (await stage.get(path)).json()
    small = msgspec.structs.replace(HALL, rows=HALL.rows[1:], categories=HALL.categories[1:])
    assert (await stage.put("/v1/plans/small", small)).status_code == 200
    moved = SHOWTIME | {"plan": "small", "prices": {"back": 1}, "blocked": ["B-2"]}
    assert (await stage.put("/v1/showtimes/late", moved)).status_code == 200
    changes = await stage.get(f"{path}?since={before['version']}")
    assert changes.status_code == 200, changes.text
    assert changes.json()["taken"] == ["B-2"]
    assert "free" not in changes.json(), "the whole list of another hall"


async def test_a_page_reads_only_what_changed(stage: Stage) -> None:
    await stage.open(showtime={"blocked": ["A-1"]})
    pass_ = await stage.come_in()
    path = "/v1/showtimes/late/seats"
    before = (await stage.get(path)).json()
    assert before["taken"] == ["A-1"]
    await stage.hold(pass_, {"seats": ["C-7", "C-8"]})

    async def seen() -> bool:
        return bool((await stage.get(path)).json()["version"] > before["version"])

    await stage.wait_until(seen)
    changes = (await stage.get(f"{path}?since={before['version']}")).json()
    assert (changes["taken"], changes["free"]) == (["C-7", "C-8"], [])
    whole = (await stage.get(f"{path}?since=999999")).json()
    assert whole["taken"] == ["A-1", "C-7", "C-8"]
    assert "free" not in whole
    shows = (await stage.get("/v1/showtimes?sale=night")).json()["showtimes"]
    assert shows[0]["free"] == 24 - 3


async def test_a_reclaimed_showtime_is_not_the_end_of_the_sale(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    assert slug(await stage.post("/v1/showtimes/late/reclaim", **STOREFRONT)) == "200"
    answer = await stage.hold(pass_, BEST)
    assert (slug(answer), answer.json()["title"]) == ("sale-closed", "The showtime has left the sale")
    assert slug(await stage.move("close")) == "200"
    assert (await stage.hold(pass_, BEST)).json()["title"] == "The sale is closed"
