"""The waiting room over HTTP: joining, asking, coming in, and the moves of the sale."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from ledger.pool import Pool
from store.connection import Store
from tests.api_doors import OPERATOR, slug
from tests.api_stage import SALE, SHOWTIME, Stage, open_stage
from tests.conftest import WaitUntil

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC: dict[str, Any] = OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
JWK = PUBLIC | {"kid": "k1", "alg": "EdDSA", "use": "sig"}


def identity(key: Ed25519PrivateKey = KEY, minutes: float = 5, **claims: Any) -> str:
    """A token of the storefront."""
    base = {"sub": "account-7", "aud": "usher", "exp": datetime.now(UTC) + timedelta(minutes=minutes)}
    return jwt.encode(base | claims, key, algorithm="EdDSA", headers={"kid": "k1"})


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    jwks = json.dumps({"keys": [JWK]})
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, identity_jwks=jwks) as opened:
        yield opened


async def test_a_place_waits_until_it_is_invited(stage: Stage) -> None:
    await stage.delegate()
    place = await stage.join()
    assert await stage.state(place) == "waiting"
    assert slug(await stage.post("/v1/sales/night/pass", token=place)) == "not-your-turn"
    await stage.move("open")

    async def invited() -> bool:
        return await stage.state(place) == "invited"

    await stage.wait_until(invited)
    first = await stage.post("/v1/sales/night/pass", token=place)
    again = await stage.post("/v1/sales/night/pass", token=place)
    assert (slug(first), first.json()) == ("201", again.json())
    assert await stage.state(place) == "inside"
    assert first.headers["cache-control"] == "no-store"


async def test_places_are_read_strictly(stage: Stage) -> None:
    await stage.delegate()
    await stage.put("/v1/sales/matinee", SALE)
    place = await stage.join()
    for token, word in (
        ("", "bad-token"),
        ("nonsense", "bad-token"),
        (place[:-1] + ("A" if place[-1] != "A" else "B"), "bad-token"),
        (place + "A", "bad-token"),
        ("x" * 3000, "bad-token"),
        (place, "200"),
    ):
        assert slug(await stage.get("/v1/sales/night/place", token)) == word
        if word != "200":
            assert slug(await stage.post("/v1/sales/night/pass", token=token)) == word
    assert slug(await stage.get("/v1/sales/matinee/place", place)) == "not-allowed"
    assert slug(await stage.post("/v1/sales/matinee/pass", token=place)) == "not-allowed"
    assert slug(await stage.get("/v1/sales/nowhere/place", place)) == "unknown-sale"
    assert slug(await stage.get("/v1/sales/nowhere/pulse")) == "unknown-sale"
    assert slug(await stage.post("/v1/sales/nowhere/places")) == "unknown-sale"
    answer = await stage.get("/v1/sales/night/place", place)
    assert answer.headers["cache-control"] == "no-store"


async def test_the_pulse_is_public_and_cacheable(stage: Stage) -> None:
    await stage.delegate()
    answer = await stage.get("/v1/sales/night/pulse")
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert {"state", "serving", "waiting", "admitted_per_min", "poll_in_s"} <= answer.json().keys()
    assert answer.json()["state"] == "scheduled"


async def test_the_pulse_says_what_is_left(stage: Stage) -> None:
    await stage.open(sale={"seats_per_fan": 24}, showtime={"blocked": ["A-1"]})
    assert (await stage.put("/v1/showtimes/early", SHOWTIME)).status_code == 201

    async def left(word: str) -> object:
        return (await stage.get("/v1/sales/night/pulse")).json().get(word)

    async def so_many() -> bool:
        return await left("free") == 23 + 24

    await stage.wait_until(so_many, timeout_s=20)
    assert await left("sold_out") is None
    fan = await stage.come_in()
    for seats in (
        ("A-2", "A-3", "A-4", "A-5", "A-6", "A-7", "A-8"),
        tuple(f"{row}-{n}" for row in "BC" for n in range(1, 9)),
    ):
        assert (await stage.hold(fan, {"seats": list(seats)})).status_code == 201

    async def one_sold_out() -> bool:
        return await left("sold_out") == ["late"]

    await stage.wait_until(one_sold_out, timeout_s=20)
    assert await left("free") == 24


async def test_a_sale_moves_one_way(stage: Stage) -> None:
    await stage.delegate()
    table: list[tuple[str, dict[str, Any], str]] = [
        ("pause", {}, "cannot-move"),
        ("resume", {}, "cannot-move"),
        ("open", {}, "200"),
        ("open", {}, "200"),
        ("pause", {"reason": "Rain."}, "200"),
        ("pause", {"because": "Rain."}, "bad-request"),
        ("resume", {}, "200"),
        ("close", {}, "200"),
        ("open", {}, "cannot-move"),
        ("resume", {}, "cannot-move"),
    ]
    for verb, body, word in table:
        assert slug(await stage.move(verb, body)) == word, verb
    assert slug(await stage.post("/v1/sales/night/places")) == "sale-closed"
    assert slug(await stage.move("open", sale="nowhere")) == "unknown-sale"


async def test_a_paused_sale_says_why(stage: Stage) -> None:
    await stage.open()
    place = await stage.join()
    await stage.move("pause", {"reason": "Rain."})
    assert (await stage.get("/v1/sales/night/pulse")).json()["message"] == "Rain."
    assert (await stage.get("/v1/sales/night/place", place)).json()["message"] == "Rain."
    counts = (await stage.doors.get("/v1/sales/night", headers=OPERATOR)).json()
    assert counts["state"] == "paused"


async def test_a_storefronts_sale_asks_who_comes(stage: Stage) -> None:
    await stage.delegate(sale={"identity": "storefront"})
    table: list[tuple[dict[str, Any], str]] = [
        ({}, "bad-token"),
        ({"identity": "nonsense"}, "bad-token"),
        ({"identity": identity(OTHER_KEY)}, "bad-token"),
        ({"identity": identity(minutes=-5)}, "bad-token"),
        ({"identity": identity(aud="someone-else")}, "bad-token"),
        ({"identity": identity(sub="")}, "bad-token"),
        ({"identity": 7}, "bad-request"),
        ({"identity": identity()}, "201"),
    ]
    for body, word in table:
        assert slug(await stage.post("/v1/sales/night/places", body)) == word, body


async def test_one_account_one_place(stage: Stage) -> None:
    await stage.delegate(sale={"identity": "storefront"})
    first = await stage.post("/v1/sales/night/places", {"identity": identity()})
    again = await stage.post("/v1/sales/night/places", {"identity": identity(minutes=9)})
    assert (slug(first), slug(again)) == ("201", "200")
    assert first.json()["place"] == again.json()["place"]
    other = await stage.post("/v1/sales/night/places", {"identity": identity(sub="account-8")})
    assert other.json()["place"] != first.json()["place"]


async def test_a_storefront_verifies_a_pass_offline(stage: Stage) -> None:
    await stage.open()
    pass_ = await stage.come_in()
    keys = jwt.PyJWKSet.from_json((await stage.get("/.well-known/jwks.json")).text)
    kid = jwt.get_unverified_header(pass_)["kid"]
    claims = jwt.decode(pass_, keys[kid], algorithms=["EdDSA"], options={"verify_aud": False})
    assert claims["sale"] == "night"
    assert {"iss", "sub", "jti", "iat", "exp"} <= claims.keys()


async def test_a_pass_given_up_buys_nothing_and_makes_room(stage: Stage) -> None:
    await stage.open({"capacity": 1})
    place = await stage.join()

    async def invited() -> bool:
        return await stage.state(place) == "invited"

    await stage.wait_until(invited)
    claimed = (await stage.post("/v1/sales/night/pass", token=place)).json()["pass"]
    for _ in range(2):
        left = await stage.doors.delete("/v1/sales/night/place", headers={"authorization": f"Bearer {place}"})
        assert slug(left) == "204"

    async def done() -> bool:
        return await stage.state(place) == "done"

    await stage.wait_until(done)
    assert slug(await stage.hold(claimed, {"seats": ["A-1"]})) == "pass-used-up"
    await stage.come_in()
    forged = await stage.doors.delete("/v1/sales/night/place", headers={"authorization": f"Bearer {place}x"})
    assert slug(forged) == "bad-token"


async def test_a_repeat_has_its_place_also_when_the_storefronts_word_has_run_out(stage: Stage) -> None:
    await stage.delegate(sale={"identity": "storefront"})
    path, body, key = (
        "/v1/sales/night/places",
        {"identity": identity(minutes=-0.42)},
        {"idempotency-key": "k"},
    )
    first = await stage.post(path, body, **key)

    async def expired() -> bool:
        return slug(await stage.post(path, body)) == "bad-token"

    await stage.wait_until(expired, timeout_s=20)
    again = await stage.post(path, body, **key)
    assert (slug(first), again.status_code, again.content) == ("201", 201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await stage.post(path, {"identity": identity()}, **key)
    assert slug(other) == "idempotency-mismatch"
