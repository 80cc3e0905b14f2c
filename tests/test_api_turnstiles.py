"""Each turnstile says what the route behind it says, to the byte, and leaves to it what it should."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from api.app import create_app
from api.replies import VERSION
from ledger.pool import Pool
from store.connection import Store
from store.kept import DIGEST_BYTES, Once
from tests.api_doors import OPERATOR, STOREFRONT, settings
from tests.api_stage import Stage, open_stage
from tests.api_wishes import BEST, BODIES, EVENT, HOLD, JOIN, JSON, LIMITS, ORDER, PAID, Headers, signed
from tests.conftest import WaitUntil
from tests.kept_answers import forget

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


@pytest.fixture
async def stage(
    valkey_url: str, postgres_url: str, store: Store, pool: Pool, wait_until: WaitUntil
) -> AsyncIterator[Stage]:
    async with open_stage(valkey_url, postgres_url, store, pool, wait_until, limits=LIMITS) as opened:
        await opened.open()
        yield opened


class Layers:
    """The application taken apart: the turnstiles, and the framework behind them, which counts its calls."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.front = app
        while type(self.front).__name__ != "Turnstiles":
            self.front = self.front.app
        self.behind = self.front.app
        self.front.app = self._counted
        self.calls = 0

    async def forget(self) -> None:
        """The answers of all keys, but not their effects."""
        await forget(self.app.house.rooms.store)

    async def _counted(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        await self.behind(scope, receive, send)


@asynccontextmanager
async def layers(valkey_url: str, postgres_url: str, **changes: Any) -> AsyncIterator[Layers]:
    app: Any = create_app(settings(valkey_url, postgres_url, limits=LIMITS, **changes))
    told: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    living = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        yield Layers(app)
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await living


async def ask(app: Any, path: str, headers: list[tuple[str, str]], *pieces: bytes, **scope: Any) -> Answer:
    """One request, its body in these pieces. The order of the answer's headers says nothing, and the version
    of a repeat is its own."""
    sent: list[Any] = []
    coming = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    once = Once(
        hashlib.sha256(repr((path, headers, b"".join(pieces))).encode()).hexdigest(), b"0" * DIGEST_BYTES, 60
    )
    plain = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST"}
    address = {
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
    }
    known = {"server": ("doors", 80), "client": ("fan", 1), "state": {"once": once}}
    spelt = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await app({**plain, **address, **known, "headers": spelt, **scope}, receive, send)
    body = b"".join(message["body"] for message in sent[1:])
    told = [(name.lower(), value) for name, value in sent[0]["headers"]]
    headers_told = sorted((name, b"" if name == VERSION else value) for name, value in told)
    return sent[0]["status"], headers_told, body


async def compare(
    found: Layers, path: str, body: bytes, headers: Headers, *, more: tuple[tuple[str, str], ...] = ()
) -> tuple[int, bool]:
    """The status that both say, and whether the turnstile said it by itself.

    It is asked once before, so that the effect of a request is done when the two are compared: all that a
    request does it does once, and its repeat has the same answer. A fan may be invited between two asks, or
    an order be written down: then both are asked again.
    """
    spelt = {"host": "doors", "content-type": JSON, "content-length": str(len(body)), **headers}
    sent = [(name, value) for name, value in spelt.items() if value] + list(more)
    await ask(found.front, path, sent, body)
    for _ in range(3):
        await found.forget()
        behind = await ask(found.behind, path, sent, body)
        await found.forget()
        before = found.calls
        here = await ask(found.front, path, sent, body)
        if here == behind:
            break
    assert here == behind, (path, body[:80], headers)
    return behind[0], found.calls == before


async def test_the_same_answer_from_both(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    pass_ = await stage.come_in()
    async with layers(valkey_url, postgres_url) as found:
        for path, body, changes, status, where in BODIES:
            headers = {"authorization": f"Bearer {pass_}", **changes}
            said, was_here = await compare(found, path, body, headers)
            assert (said, "here" if was_here else "behind") == (status, where), (path, body[:80], changes)


async def test_a_header_sent_twice_is_for_the_framework(
    valkey_url: str, postgres_url: str, stage: Stage
) -> None:
    pass_ = await stage.come_in()
    async with layers(valkey_url, postgres_url) as found:
        twice = (("authorization", f"Bearer {pass_}"),)
        assert not (await compare(found, HOLD, BEST, {"authorization": "Bearer x"}, more=twice))[1]


async def test_an_order_and_its_money(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    pass_ = await stage.come_in()
    bearer = {"authorization": f"Bearer {pass_}"}
    other = {"authorization": f"Bearer {await stage.come_in()}"}
    hold = (await stage.hold(pass_, {"seats": ["B-1"]})).json()["hold"].encode()
    body = b'{"hold":"%s"}' % hold
    async with layers(valkey_url, postgres_url) as found:
        assert await compare(found, ORDER, body, other) == (403, True)
        assert await compare(found, ORDER, body, bearer) == (201, True)
        order = hold.replace(b"h-", b"o-", 1)
        events = [
            (EVENT % (order, 1), {}, 422, True),
            (EVENT % (b"o-1-0000000000000000", 1), {}, 404, True),
            (EVENT % (order, 4700), {"content-type": "text/plain"}, 415, False),
            (EVENT % (order, 4700), {"webhook-timestamp": "1"}, 401, True),
            (EVENT % (order, 4700), {"webhook-signature": "v1,AAAA"}, 401, True),
            (EVENT % (order, 4700), {"webhook-signature": "nonsense"}, 401, True),
            (EVENT % (order, -1), {}, 400, True),
            (EVENT[:-1], {}, 400, True),
            (b'{"type":"account.changed"}', {}, 200, True),
            (EVENT.replace(b"succeeded", b"declined") % (order, 4700), {}, 200, True),
            (EVENT % (order, 4700), {}, 200, True),
            (EVENT.replace(b'"r"', b'"again"') % (order, 4700), {}, 200, True),
            (b'{"type":"\xc3\xa9"}', {}, 200, True),
            (b'{"type":"\xff"}', {}, 401, True),
        ]
        for event, changes, status, was_here in events:
            headers = signed(event) | changes
            assert await compare(found, PAID, event, headers) == (status, was_here), (event, changes)


async def test_the_storefronts_word_for_the_money(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    pass_ = await stage.come_in()
    order = (await stage.order(pass_, "B-1"))["order"]
    path, no_order = f"{ORDER}/{order}/payments", f"{ORDER}/o-1-0000000000000000/payments"
    paid = b'{"amount":%d,"currency":"CNY","method":"card","reference":"r"}'
    calls = [
        (path, paid % 4700, {"authorization": ""}, 401, True),
        (path, paid % 4700, {"authorization": "Bearer nonsense"}, 401, True),
        (path, paid % 4700, {"authorization": f"Bearer {pass_}"}, 401, True),
        (path, paid % 4700, OPERATOR, 403, True),
        (path, b"{}", OPERATOR, 403, False),
        (path, b"{}", {}, 400, False),
        (path, paid % -1, {}, 400, False),
        (path, paid % 1, {}, 422, True),
        (no_order, paid % 4700, {}, 404, True),
        (f"{ORDER}/nothing/payments", paid % 4700, {}, 404, True),
        (f"{ORDER}/../payments", paid % 4700, {}, 400, False),
        (path, paid % 4700, {}, 201, True),
        (path, (paid % 4700).replace(b'"r"', b'"again"'), {}, 409, True),
    ]
    async with layers(valkey_url, postgres_url) as found:
        for address, body, changes, status, was_here in calls:
            said = await compare(found, address, body, STOREFRONT | changes)
            assert said == (status, was_here), (address, body, changes)


async def test_a_body_in_pieces_is_the_frameworks(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with layers(valkey_url, postgres_url) as found:
        length = [("content-type", JSON), ("content-length", "2")]
        assert (await ask(found.front, JOIN, length, b"{}"))[0] == 201
        assert await ask(found.front, JOIN, length, b"{", b"}") == await ask(
            found.behind, JOIN, length, b"{}"
        )
        assert found.calls == 1


async def test_below_a_prefix(valkey_url: str, postgres_url: str, stage: Stage) -> None:
    async with layers(valkey_url, postgres_url, root_path="/tickets") as found:
        sent = [("content-type", JSON), ("content-length", "2")]
        for path in (JOIN, "/tickets" + JOIN):
            answer = await ask(found.app, path, sent, b"{}", root_path="/tickets", state={})
            assert (answer[0], found.calls) == (201, 0), path


async def test_nothing_is_answered_before_the_rooms_are_open(postgres_url: str) -> None:
    found = Layers(create_app(settings("valkey://127.0.0.1:1", postgres_url)))
    sent = [("content-type", JSON), ("content-length", "2")]
    answer = await ask(found.front, JOIN, sent, b"{}")
    assert (answer[0], found.calls) == (503, 1)
    assert msgspec.json.decode(answer[2])["type"].endswith("store-unavailable")
