"""Identity: the storefront says who a fan is by a JWT, verified once against its keys and exchanged for a
place.

Only asymmetric signatures pass (RS256, ES256, EdDSA), each with the key that the storefront publishes for it.
The account itself is kept nowhere: callers turn it into a keyed digest at once.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import jwt
import msgspec

ALGORITHMS: Final = ["RS256", "ES256", "EdDSA"]
AUDIENCE: Final = "usher"
TOKEN_CHARS_MAX: Final = 8192
SUBJECT_CHARS_MAX: Final = 512
JWKS_BYTES_MAX: Final = 256 * 1024
FETCH_TIMEOUT_S: Final = 3.0
REFRESH_EVERY_S: Final = 30.0
LEEWAY_S: Final = 30


class BadIdentity(msgspec.Struct, frozen=True):
    """Not a token of the storefront for us, or past its time; `why` never repeats what was sent."""

    why: str


class KeysUnavailable(Exception):
    """The storefront's keys have never been read yet; the token can be neither trusted nor refused."""


class Identity:
    """Verifies the storefront's tokens. `source`: a JWKS as JSON text, or the path or URL of one.

    Keys are read at the first token and again when a token names a key we do not know, at most once in
    REFRESH_EVERY_S. If the storefront cannot be reached, the keys read before stay good.
    """

    def __init__(
        self, source: str, now_s: Callable[[], float], *, audience: str = AUDIENCE, issuer: str | None = None
    ) -> None:
        self._source = source
        self._now_s = now_s
        self._audience = audience
        self._issuer = issuer
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at_s: float | None = None
        self._reading = asyncio.Lock()

    async def account(self, text: str) -> str | BadIdentity:
        """The account (`sub`) that the token speaks for; KeysUnavailable when no keys could be read yet."""
        if len(text) > TOKEN_CHARS_MAX:
            return BadIdentity("the token is too long")
        try:
            header = jwt.get_unverified_header(text)
        except jwt.InvalidTokenError:
            return BadIdentity("not a JWT")
        if header.get("alg") not in ALGORITHMS:
            return BadIdentity("the algorithm is not RS256, ES256 or EdDSA")
        key = await self._key(header.get("kid"))
        if key is None:
            return BadIdentity("the storefront has no such key")
        return self._verify(text, header["alg"], key)

    def _verify(self, text: str, algorithm: str, key: jwt.PyJWK) -> str | BadIdentity:
        if key.algorithm_name != algorithm:
            return BadIdentity("the key is for another algorithm")
        # `exp` and `nbf` are compared below with our clock: PyJWT would use this machine's.
        options: jwt.types.Options = {
            "require": ["exp", "sub", "aud"],
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        }
        try:
            claims = jwt.decode(
                text, key, [algorithm], options=options, audience=self._audience, issuer=self._issuer
            )
        except jwt.InvalidTokenError as error:
            return BadIdentity(type(error).__name__)
        subject, now_s = claims["sub"], self._now_s()
        if not _is_before(now_s - LEEWAY_S, claims["exp"]):
            return BadIdentity("the token has expired")
        if "nbf" in claims and _is_before(now_s + LEEWAY_S, claims["nbf"]):
            return BadIdentity("the token is not valid yet")
        if not subject or len(subject) > SUBJECT_CHARS_MAX:
            return BadIdentity("the token names no account")
        return str(subject)

    async def _key(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of this id; a token without one is tried with the only key there is."""
        if self._find(kid) is None:
            async with self._reading:
                if self._find(kid) is None and self._may_read():
                    await self._read()
        if not self._keys:
            raise KeysUnavailable("the keys of the storefront could not be read")
        return self._find(kid)

    def _find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _may_read(self) -> bool:
        return self._read_at_s is None or self._now_s() - self._read_at_s >= REFRESH_EVERY_S

    async def _read(self) -> None:
        self._read_at_s = self._now_s()
        try:
            text = await _text_of(self._source)
            keys = jwt.PyJWKSet.from_json(text).keys
        except (httpx.HTTPError, OSError, ValueError, jwt.PyJWTError):
            return
        self._keys = {key.key_id: key for key in keys if key.algorithm_name in ALGORITHMS}


def _is_before(now_s: float, then_s: object) -> bool:
    """False also for a time that is no number."""
    return isinstance(then_s, int | float) and now_s < then_s


async def _text_of(source: str) -> str:
    if source.lstrip().startswith("{"):
        return source
    if not source.startswith(("http://", "https://")):
        return await asyncio.to_thread(Path(source).read_text, "utf-8")
    async with (
        httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client,
        client.stream("GET", source) as response,
    ):
        response.raise_for_status()
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > JWKS_BYTES_MAX:
                raise ValueError("the key set is too large")
    return body.decode()
