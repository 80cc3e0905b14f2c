"""Idempotency-Key: a POST sent again gets the stored answer, and its effect happens once.

The key of a caller, a method, a path and an Idempotency-Key names one string in the store: first a short
lease with the digest of the body, then the answer. A worker killed in between leaves the lease, which soon
ends; the repeat runs again and finds its first effect, because hold tokens are derived from the same digest
(`request_digest`). Answers that say "not now" (429, 5xx) are not kept.
"""

import hashlib
from collections.abc import Awaitable
from typing import Any, Final

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from api.house import House
from api.problems import Refused
from api.refusals import BadRequest, IdempotencyMismatch, InProgress, StoreAway, TooLarge
from api.replies import VERSION, Answer, send_answer, send_problem
from store import keys

HEADER: Final = b"idempotency-key"
KEY_CHARS_MAX: Final = 255
PASSING: Final = frozenset({0, 401, 404, 405, 413, 415, 429})
"""Not kept: nothing was done (0: not even answered), and anybody could fill the store with such answers."""
KEPT_HEADERS: Final = (b"content-type", b"location", b"cache-control", b"retry-after", VERSION)
"""A repeat says the version of the first answer: that is when it was decided."""


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """`status` 0 while the first request runs."""

    body_digest: bytes
    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    @property
    def again(self) -> Answer:
        """What a repeat is told."""
        length = (b"content-length", b"%d" % len(self.body))
        return Answer(self.status, (*self.headers, length, (b"idempotent-replayed", b"true")), self.body)


_encode: Final = msgspec.msgpack.Encoder().encode
_stored: Final = msgspec.msgpack.Decoder(Stored)


class Idempotency:
    """ASGI middleware in front of the framework, so that problems are stored like any other answer."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app = app
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or (key := key_of(scope)) is None:
            await self.app(scope, receive, send)
            return
        try:
            body = await read_body(receive, self.house.settings.limits.body_bytes_max)
            if body is None:
                return
            check_key(key)
            caller = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            digest = request_digest(caller, scope["path"].encode(), scope["method"].encode(), key.encode())
            body_digest = hashlib.sha256(body).digest()
            scope.setdefault("state", {})["request_digest"] = digest
            first = await self.begin(digest, body_digest)
            if first is not None:
                await send_answer(first.again, send)
                return
            answer = Recorder(send)
            await self.app(scope, again(body, receive), answer)
            await self.end(digest, answer.stored(body_digest))
        except Refused as refused:
            await send_problem(refused.refusal, send)

    async def begin(self, digest: str, body_digest: bytes) -> Stored | None:
        """None when this request is the first; its stored answer otherwise."""
        lease = _encode(Stored(body_digest))
        try:
            raw = await self.house.rooms.store.command(
                "SET",
                keys.answer(digest).encode(),
                lease,
                "NX",
                "GET",
                "PX",
                self.house.settings.limits.answer_lease_ms,
            )
        except (RedisError, OSError) as error:
            raise Refused(StoreAway()) from error
        if raw is None:
            return None
        found = _stored.decode(raw)
        if found.body_digest != body_digest:
            raise Refused(IdempotencyMismatch())
        if not found.status:
            raise Refused(InProgress())
        return found

    async def end(self, digest: str, answer: Stored) -> None:
        """Keep the answer, or free the key; if the store is away now, the lease ends by itself.

        Nobody waits for the reply: a repeat that this worker hears later is asked later, on the same way.
        """
        store, limits = self.house.rooms.store, self.house.settings.limits
        try:
            if answer.status in PASSING or answer.status >= 500:
                await store.tell("DEL", keys.answer(digest).encode())
            else:
                await store.tell(
                    "SET", keys.answer(digest).encode(), _encode(answer), "EX", limits.answer_ttl_s
                )
        except (RedisError, OSError):
            return


class Recorder:
    """Passes an answer on and keeps a copy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._headers: tuple[tuple[bytes, bytes], ...] = ()
        self._body = b""

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(
                [header for header in message["headers"] if header[0].lower() in KEPT_HEADERS]
            )
        elif message["type"] == "http.response.body":
            self._body += message["body"]
        return self._send(message)

    def stored(self, body_digest: bytes) -> Stored:
        return Stored(body_digest, self._status, self._headers, self._body)


def stored(answer: Answer, body_digest: bytes) -> Stored:
    """An answer as it is kept."""
    headers = tuple([header for header in answer.headers if header[0] in KEPT_HEADERS])
    return Stored(body_digest, answer.status, headers, answer.body)


def key_of(scope: Scope) -> str | None:
    """The Idempotency-Key of a request, None without one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode("latin-1")
    return None


def check_key(key: str) -> None:
    if not 0 < len(key) <= KEY_CHARS_MAX:
        raise Refused(BadRequest(why=f"Idempotency-Key: 1 to {KEY_CHARS_MAX} characters."))


def request_digest(caller: bytes, path: bytes, method: bytes, key: bytes) -> str:
    """Names the request: caller, method, path and key. A fan without a token is known by the key alone."""
    # The length of each part but the last keeps two requests from being spelt alike.
    told = b"%d %b %d %b %b %b" % (len(caller), caller, len(path), path, method, key)
    return hashlib.sha256(told).hexdigest()


async def read_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """The whole body, or `too-large` as soon as it is; None when the caller went away before its end.

    Half a body must not take the key: the repeat with the whole one would be called another request.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if len(body) > limit_bytes:
            raise Refused(TooLarge(limit_bytes=limit_bytes))
        if not message["more_body"]:
            return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once and then whatever else comes."""
    unread = True

    async def receive_again() -> Any:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receive_again
