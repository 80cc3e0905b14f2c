"""Answers of what stands in front of the framework, and how they are written to ASGI."""

from typing import Final

import msgspec
from litestar.types import Message, Scope, Send

from api import problems
from store.version import heard

PERSONAL: Final = (b"cache-control", b"no-store")
VERSION: Final = b"usher-version"
REPLAYED: Final = (b"idempotent-replayed", b"true")


def version() -> list[tuple[bytes, bytes]]:
    """Where the decision that this request asked for stands among those of its shard, and whether it was
    made when the request came before; empty without one."""
    decision = heard.get()
    if decision is None:
        return []
    told = [(VERSION, str(decision).encode())]
    return [*told, REPLAYED] if decision.again else told


async def tell_version(message: Message, _: Scope) -> None:
    """Gives the framework's answers the header too."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *version()]


class Answer(msgspec.Struct, frozen=True, gc=False):
    """All that is said to one request, but for the server's own headers."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def json_answer(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Answer:
    return _answer(status, body, b"application/json", headers)


def problem_answer(refusal: problems.Refusal) -> Answer:
    """The problem of a refusal, as a route would answer it."""
    headers = tuple((name.encode(), value.encode()) for name, value in problems.headers(refusal).items())
    body = msgspec.json.encode(problems.document(refusal))
    return _answer(problems.row_of(refusal).status, body, problems.MEDIA_TYPE.encode(), headers)


def _answer(status: int, body: bytes, media: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> Answer:
    length = b"%d" % len(body)
    told = ((b"content-type", media), (b"content-length", length), *headers, *version())
    return Answer(status, told, body)


async def send_json(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send_answer(json_answer(status, body, *headers), send)


async def send_problem(refusal: problems.Refusal, send: Send) -> None:
    await send_answer(problem_answer(refusal), send)


async def send_answer(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
