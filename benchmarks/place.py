"""What a crowd asks all the time, against a raw ASGI hello: a fan's place in the line, a hall's taken seats.

100,000 fans wait after the open; each asks once with a token of its own: signature verified, fan marked as
present. Then as many looks at one hall for changes since a version. The hello gets the very same bytes.
One uvicorn worker on a core of its own on both sides; client and Valkey on the other core.
"""

import asyncio
import random
from typing import Any

import msgspec
import redis

from allocator.catalogue import Catalogue
from allocator.sale import Sale
from api.library import library
from benchmarks.crowd import body_of, request, status_of
from benchmarks.finding import Finding, speeds
from benchmarks.http import send
from benchmarks.line import join_guests
from benchmarks.measure import abba
from benchmarks.scene import delegate, open_sale
from benchmarks.stack import Server, Stack, bare, running
from store.connection import Store
from waiting_room.draw import Draw
from waiting_room.keyring import Keyring
from waiting_room.place import Place, PlaceSigner

SALE = "place"


def findings(quick: bool = False) -> list[Finding]:
    with running() as stack, bare("hello") as hello:
        return measured(stack, hello, quick)


def measured(stack: Stack, hello: Server, quick: bool) -> list[Finding]:
    fans, requests, rounds = (1_000, 500, 1) if quick else (100_000, 30_000, 3)
    sale = waiting(stack, fans)
    asked = checks(stack, sale, fans, requests)
    send(stack.door, asked[:200], _check)
    ratio = abba(
        "place",
        lambda: send(stack.door, asked, _check),
        lambda: send(hello, asked, _hellos),
        rounds,
    )
    return [
        speeds("place check / raw hello", ratio, "place check", "raw hello", 0.8),
        hall_looks(stack, hello, requests),
    ]


def hall_looks(stack: Stack, hello: Server, requests: int) -> Finding:
    path = f"/v1/showtimes/{SALE}-0/seats"
    version = stack.call("GET", path)["version"]
    asked = [request("GET", f"{path}?since={version}", more="Accept-Encoding: gzip")] * requests
    ratio = abba("hall", lambda: send(stack.door, asked, _hellos), lambda: send(hello, asked, _hellos), 1)
    return speeds("taken seats / raw hello", ratio, "taken seats", "raw hello", None)


def waiting(stack: Stack, fans: int) -> Sale:
    """A sale that has opened and in whose line so many guests wait."""
    delegate(stack, SALE, shows=1, seats=200, open_=False)
    sale = asyncio.run(definition(stack, SALE))
    with redis.Redis.from_url(stack.settings.valkey_url) as client:
        join_guests(client, sale, fans)
    open_sale(stack, SALE)
    return sale


async def definition(stack: Stack, sale: str) -> Sale:
    """The sale with its serial and seed, which no door tells."""
    store = await Store.connect(stack.settings.valkey_url, library=library())
    try:
        catalogue = Catalogue(store)
        await catalogue.refresh()
        found = catalogue.sale(sale)
        assert found is not None
        return found
    finally:
        await store.close()


def checks(stack: Stack, sale: Sale, fans: int, requests: int) -> list[bytes]:
    """So many place checks of fans picked at random, who know their rank."""
    keyring, draw = Keyring.derive(stack.settings.secret.encode()), Draw(sale.seed, fans)
    signer, dice = PlaceSigner(keyring.place, keyring.fan), random.Random(7)  # noqa: S311 - whom to ask
    asked = []
    for _ in range(requests):
        entry = dice.randrange(fans)
        place = Place(sale.serial, entry, draw.rank(entry), signer.guest_fan(sale.serial, entry))
        asked.append(request("GET", f"/v1/sales/{sale.id}/place", bearer=signer.sign(place).decode()))
    return asked


def _check(replies: list[bytes]) -> None:
    for reply in replies:
        assert status_of(reply) == 200, reply[:300]
    told: Any = msgspec.json.decode(body_of(replies[0]))
    assert told["state"] == "waiting", told


def _hellos(replies: list[bytes]) -> None:
    assert all(status_of(reply) == 200 for reply in replies)
