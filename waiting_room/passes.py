"""Passes: the signed right to shop until a time, as EdDSA JWTs that any storefront can verify offline.

Ed25519 signs deterministically (RFC 8032), so the same claims give the same text and a repeated claim hands
out the same pass. Our own passes we know by what only the signer can check (`waiting_room.signature`), in
5 us, where signing again takes 32 and verifying 105. Each worker does so once for a pass, not at all for one
that it gave out, and remembers it.
"""

import hashlib
from collections import OrderedDict
from typing import Final, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.utils import base64url_encode

from allocator.sale import SaleId
from waiting_room.answers import BadToken, ExpiredPass, WrongSale
from waiting_room.signature import OwnSignature, decoded

ISSUER: Final = "usher"
PASS_CHARS_MAX: Final = 1024
REMEMBERED_MAX: Final = 10_000


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """`entry` names the pass within its sale: one entry, one pass."""

    sale: SaleId
    fan: str
    entry: int
    issued_ms: int
    expires_ms: int


class Claims(msgspec.Struct, frozen=True):
    """What a pass of ours says, as RFC 7519 names it; times in seconds."""

    iss: Literal["usher"]
    sub: str
    sale: str
    jti: str
    iat: int
    exp: int

    def read(self) -> Pass:
        return Pass(
            sale=SaleId(self.sale),
            fan=self.sub,
            entry=int(self.jti),
            issued_ms=self.iat * 1000,
            expires_ms=self.exp * 1000,
        )


_claims: Final = msgspec.json.Decoder(Claims)


class Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public Ed25519 key as RFC 8037 writes it; `kid` is its RFC 7638 thumbprint."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"
    x: str
    kid: str


class Passes:
    """Writes and reads passes with the one key of the house."""

    def __init__(self, key: Ed25519PrivateKey, remembered_max: int = REMEMBERED_MAX) -> None:
        self._private = key
        self._public = key.public_key()
        self._own = OwnSignature(key)
        x = base64url_encode(self._public.public_bytes_raw()).decode()
        thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        self._jwk = Jwk(x=x, kid=base64url_encode(thumbprint).decode())
        header = {"alg": "EdDSA", "kid": self._jwk.kid, "typ": "JWT"}
        self._header = base64url_encode(msgspec.json.encode(header)).decode()
        self._verified: OrderedDict[str, Pass] = OrderedDict()
        self._remembered_max = remembered_max

    def write(self, granted: Pass) -> str:
        """The text of a pass; its times are whole seconds."""
        assert granted.expires_ms % 1000 == 0, "a JWT counts in seconds"
        claims = {
            "iss": ISSUER,
            "sub": granted.fan,
            "sale": granted.sale,
            "jti": str(granted.entry),
            "iat": granted.issued_ms // 1000,
            "exp": granted.expires_ms // 1000,
        }
        text = jwt.encode(claims, self._private, algorithm="EdDSA", headers={"kid": self._jwk.kid})
        self._remember(text, granted)
        return text

    def read(self, text: str, sale: SaleId, now_ms: int) -> Pass | BadToken | WrongSale | ExpiredPass:
        """The pass if we signed it for this sale and its time is not over, in that order."""
        found = self._verified.get(text)
        if found is None:
            found = self._verify(text)
            if found is None:
                return BadToken()
            self._remember(text, found)
        if found.sale != sale:
            return WrongSale()
        return found if now_ms < found.expires_ms else ExpiredPass()

    def jwks(self) -> bytes:
        """The document for `/.well-known/jwks.json`."""
        return msgspec.json.encode({"keys": [self._jwk]})

    def _of_ours(self, text: str) -> Pass | None:
        """The pass if it is what we would write, to the letter."""
        signed, _, signature = text.encode().rpartition(b".")
        if not self._own.holds(signed, signature):
            return None
        try:
            return _claims.decode(decoded(signed.partition(b".")[2])).read()
        except (msgspec.DecodeError, ValueError):
            return None

    def _verify(self, text: str) -> Pass | None:
        if len(text) > PASS_CHARS_MAX:
            return None
        if text.startswith(f"{self._header}."):
            return self._of_ours(text)
        # The time is compared with the store's clock by the caller, not with this machine's.
        options: jwt.types.Options = {
            "require": ["iss", "sub", "jti", "iat", "exp"],
            "verify_exp": False,
            "verify_iat": False,
        }
        try:
            claims = jwt.decode(text, self._public, algorithms=["EdDSA"], issuer=ISSUER, options=options)
        except jwt.InvalidTokenError:
            return None
        return Pass(
            sale=SaleId(claims["sale"]),
            fan=claims["sub"],
            entry=int(claims["jti"]),
            issued_ms=claims["iat"] * 1000,
            expires_ms=claims["exp"] * 1000,
        )

    def _remember(self, text: str, found: Pass) -> None:
        self._verified[text] = found
        if len(self._verified) > self._remembered_max:
            self._verified.popitem(last=False)
