"""The storefront's identity tokens: checked once at the join against its published keys.

Only asymmetric signatures count. Keys come from a JWKS given as text, a file or an address; an address is
asked again when a token names a key that is not known, at most every `REFRESH_S`.
"""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Any, Final

import httpx
import jwt

from api.problems import Refused
from api.refusals import Unsigned

ALGORITHMS: Final = ("EdDSA", "ES256", "RS256", "PS256")
REFRESH_S: Final = 30.0
FETCH_TIMEOUT_S: Final = 3.0
LEEWAY_S: Final = 30
SUBJECT_CHARS_MAX: Final = 255


class Identities:
    """Reads accounts out of identity tokens."""

    def __init__(self, jwks: str) -> None:
        self._source = jwks
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at = -REFRESH_S

    async def account(self, token: str) -> str:
        """The opaque account a token speaks for, or `bad-token`; the subject never leaves this call."""
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                leeway=LEEWAY_S,
                options={"require": ["sub", "exp"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise Refused(Unsigned(why=f"The identity token: {type(error).__name__}.")) from None
        if not 0 < len(claims["sub"]) <= SUBJECT_CHARS_MAX:
            raise Refused(Unsigned(why="The identity token has no usable subject."))
        return hashlib.sha256(claims["sub"].encode()).hexdigest()

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        if kid not in self._keys and time.monotonic() - self._read_at >= REFRESH_S:
            self._read_at = time.monotonic()
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(await self._read()).keys}
        if kid not in self._keys:
            raise Refused(Unsigned(why="The identity token names no key of the storefront."))
        return self._keys[kid]

    async def _read(self) -> str:
        """The JWKS text; an address that does not answer gives no keys."""
        if self._source.lstrip().startswith("{"):
            return self._source
        if self._source.startswith(("http://", "https://")):
            try:
                async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
                    return (await client.get(self._source)).raise_for_status().text
            except httpx.HTTPError as error:
                self._read_at = -REFRESH_S
                raise Refused(Unsigned(why="The storefront's keys cannot be read now.")) from error
        if not self._source:
            raise Refused(Unsigned(why="No storefront keys are set up."))
        return await asyncio.to_thread(Path(self._source).read_text)
