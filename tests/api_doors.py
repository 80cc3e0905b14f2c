"""The doors over real engines and real HTTP, for the tests of `api/`."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec
import uvicorn

from api.app import create_app
from api.settings import ApiSettings

STOREFRONT: Final = {"authorization": "Bearer storefront-key"}
OPERATOR: Final = {"authorization": "Bearer operator-key"}
CINEMA: Final = {"authorization": "Bearer cinema-key"}
SECRET: Final = b"s" * 32
WHSEC: Final = "whsec_" + base64.b64encode(b"k" * 24).decode()
JSON: Final = {"content-type": "application/json"}


def settings(store_url: str, postgres_url: str, **changes: Any) -> ApiSettings:
    plain = ApiSettings(
        store_url=store_url,
        postgres_url=postgres_url,
        secret=SECRET,
        storefront_key="storefront-key",
        operator_key="operator-key",
        cinema_key="cinema-key",
        door_key="door-key",
        providers={"acme": WHSEC, "test": WHSEC},
        test_provider=True,
    )
    return msgspec.structs.replace(plain, **changes)


@asynccontextmanager
async def open_doors(given: ApiSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client on a server of its own; `base_url` of the settings becomes the server's address."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app: Any = create_app(msgspec.structs.replace(given, base_url=address))
    config = uvicorn.Config(app, ws="none", log_config=None, lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        assert not serving.done(), "the doors did not open"
        await asyncio.sleep(0.01)
    try:
        async with httpx.AsyncClient(base_url=address, timeout=10) as client:
            yield client
    finally:
        server.should_exit = True
        await serving
        listening.close()


def slug(answer: httpx.Response) -> str:
    """The word of a problem, once its document is what the contract says; `200` and the like otherwise."""
    if answer.status_code < 400:
        return str(answer.status_code)
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    document: Mapping[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "next"} <= document.keys(), document
    assert document["status"] == answer.status_code
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
    return str(document["type"]).rpartition("/")[2]
