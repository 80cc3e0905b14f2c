"""Idempotency-Key: a POST sent again gets the stored answer, and its effect happens once.

The calls of a release night take the key along to their decision (`store/kept.py`); here they only get their
names. For all others the key of a caller, a method, a path and an Idempotency-Key names one string in the
store: first a short lease with the digest of the body, then the answer. A worker killed in between leaves
the lease, which soon ends; the repeat runs again and finds its first effect. Answers that say "not now" (429,
5xx) are not kept.
"""

import hashlib
from collections.abc import Awaitable
from typing import Final

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from redis.exceptions import RedisError

from api.house import House
from api.problems import Refused
from api.refusals import BadRequest, IdempotencyMismatch, InProgress, StoreAway, TooLarge
from api.replies import REPLAYED, VERSION, Answer, send_answer, send_problem
from api.requests import after
from api.turnstiles import call_at
from store import keys
from store.kept import DIGEST_BYTES, NAME_CHARS, Once

HEADER: Final = b"idempotency-key"
KEY_CHARS_MAX: Final = 255
PASSING: Final = frozenset({0, 400, 401, 403, 404, 405, 410, 413, 415, 429})
"""Not kept: nothing was done (0: not even answered), and anybody could fill the store with such answers."""
KEPT_HEADERS: Final = (b"content-type", b"location", b"cache-control", b"retry-after", VERSION)
"""A repeat says the version of the first answer: that is when it was decided."""
Headers = tuple[tuple[bytes, bytes], ...]


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """`status` 0 while the first request runs."""

    body_digest: bytes
    status: int = 0
    headers: Headers = ()
    body: bytes = b""

    @property
    def again(self) -> Answer:
        """What a repeat is told."""
        length = (b"content-length", b"%d" % len(self.body))
        return Answer(self.status, (*self.headers, length, REPLAYED), self.body)


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
            ttl_s = self.house.settings.limits.answer_ttl_s
            once = once_named(caller, scope["path"].encode(), key.encode(), body, ttl_s)
            scope.setdefault("state", {})["once"] = once
            told = after({"type": "http.request", "body": body, "more_body": False}, receive)
            call, _ = call_at(scope["path"].removeprefix(scope.get("root_path", "")))
            if call is not None and call.keeps:
                await self.app(scope, told, send)
                return
            first = await self._begin(once)
            if first is not None:
                await send_answer(first.again, send)
                return
            answer = Recorder(send)
            await self.app(scope, told, answer)
            await self._end(once, answer.stored(once.body))
        except Refused as refused:
            await send_problem(refused.refusal, send)

    async def _begin(self, once: Once) -> Stored | None:
        """None when this request is the first; its stored answer otherwise."""
        lease = _encode(Stored(once.body))
        try:
            raw = await self.house.rooms.store.command(
                "SET",
                name_of(once),
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
        if found.body_digest != once.body:
            raise Refused(IdempotencyMismatch())
        if not found.status:
            raise Refused(InProgress())
        return found

    async def _end(self, once: Once, answer: Stored) -> None:
        """Keep the answer, or free the key; if the store is away now, the lease ends by itself.

        Nobody waits for the reply: a repeat that this worker hears later is asked later, on the same way.
        """
        store, limits = self.house.rooms.store, self.house.settings.limits
        try:
            if answer.status in PASSING or answer.status >= 500:
                await store.tell("DEL", name_of(once))
            else:
                await store.tell("SET", name_of(once), _encode(answer), "EX", limits.answer_ttl_s)
        except (RedisError, OSError):
            return


class Recorder:
    """Passes an answer on and keeps a copy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._headers: Headers = ()
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


def once_named(caller: bytes, path: bytes, key: bytes, body: bytes, ttl_s: int) -> Once:
    """The POST as its key names it. A fan without a token is known by the key alone."""
    # The length of each part but the last keeps two requests from being spelt alike.
    told = b"%d %b %d %b POST %b" % (len(caller), caller, len(path), path, key)
    return Once(hashlib.sha256(told).hexdigest(), hashlib.sha256(body).digest()[:DIGEST_BYTES], ttl_s)


def name_of(once: Once) -> bytes:
    """The key of the answer to this request."""
    return keys.answer(once.request[:NAME_CHARS]).encode()


def key_of(scope: Scope) -> str | None:
    """The Idempotency-Key of a request, None without one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode("latin-1")
    return None


def check_key(key: str) -> None:
    if not 0 < len(key) <= KEY_CHARS_MAX:
        raise Refused(BadRequest(why=f"Idempotency-Key: 1 to {KEY_CHARS_MAX} characters."))


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
