"""The least that a server can do: a raw ASGI hello and a raw ASGI echo, under the flags of our own doors.

python -m benchmarks.raw PORT APPLICATION      (`hello`, `echo`, or `module:name`)
"""

import sys
from importlib import import_module
from typing import Any, Final

import uvicorn

from usher.port import open_port
from usher.serve import config_of

HELLO: Final = b'{"hello":"world"}'
JSON: Final = (b"content-type", b"application/json")


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, whatever was asked."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await answer(send, HELLO)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body and sends it back."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await answer(send, await body_of(receive))


async def body_of(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message["body"])
        if not message["more_body"]:
            return body


async def answer(send: Any, body: bytes, status: int = 200) -> None:
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Any, send: Any) -> None:
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})


def main() -> None:
    port, name = int(sys.argv[1]), sys.argv[2]
    module, _, attribute = name.rpartition(":")
    app = getattr(import_module(module or "benchmarks.raw"), attribute)
    with open_port("127.0.0.1", port, shared=True) as listening:
        uvicorn.Server(config_of(app)).run(sockets=[listening])


if __name__ == "__main__":
    main()
