"""Answers written straight to ASGI, for what stands in front of the framework."""

from typing import Final

import msgspec
from litestar.types import Message, Scope, Send

from api import problems
from store.version import heard

PERSONAL: Final = (b"cache-control", b"no-store")
VERSION: Final = b"usher-version"


def version() -> list[tuple[bytes, bytes]]:
    """Where the decision that this request asked for stands among those of its shard; empty without one."""
    decision = heard.get()
    return [] if decision is None else [(VERSION, str(decision).encode())]


async def tell_version(message: Message, _: Scope) -> None:
    """Gives the framework's answers the header too."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *version()]


async def send_json(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await _send(send, status, body, b"application/json", headers)


async def send_problem(refusal: problems.Refusal, send: Send) -> None:
    """The problem of a refusal, as a route would answer it."""
    headers = tuple((name.encode(), value.encode()) for name, value in problems.headers(refusal).items())
    body = msgspec.json.encode(problems.document(refusal))
    await _send(send, problems.row_of(refusal).status, body, problems.MEDIA_TYPE.encode(), headers)


async def _send(
    send: Send, status: int, body: bytes, media: bytes, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    told = [(b"content-type", media), (b"content-length", b"%d" % len(body)), *headers, *version()]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body, "more_body": False})
