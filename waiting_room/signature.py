"""Whether an Ed25519 signature is our own, asked by the signer: arithmetic, no point of the curve.

Of a message M the signature is R and S = r + k s (RFC 8032, 5.1.6), where r = H(prefix M) and the scalar s
are secret, k = H(R A M), R = r B. Whoever verifies has no r, so he multiplies points: 105 us. We have r, and
compare S with r + k s for the R that was sent. That R is not made again, which costs a point too, and need
not be: another (R', S') that passes gives (S' - S) / (k' - k) = s away, so who could make one would have the
key; and without a signature of M its r is a number that nobody but us can compute.
"""

import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Of the curve's base point, L in RFC 8032."""
SIGNATURE_CHARS: Final = 86
_POINT_BYTES: Final = 32
_BLINDS: Final = struct.Struct("<512Q")
# The characters of standard base64 are mapped to ones the strict decoder refuses: only URL-safe text passes.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_FROM_STANDARD: Final = bytes.maketrans(b"+/", b"-_")


def decoded(text: bytes) -> bytes:
    """What a base64url text without padding says, whatever its last bits; binascii.Error if it is none."""
    return binascii.a2b_base64(text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4), strict_mode=True)


class OwnSignature:
    """Knows the signatures of one private key, in the only spelling that base64url without padding has."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        half = hashlib.sha512(key.private_bytes_raw()).digest()
        low = int.from_bytes(half[:32], "little")
        self._scalar = low & ~7 & (1 << 254) - 1 | 1 << 254
        self._prefix = hashlib.sha512(half[32:])
        self._public = key.public_key().public_bytes_raw()
        self._blinds = _numbers()

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is the text that our signing of `message` gives."""
        try:
            raw = decoded(signature)
        except binascii.Error:
            return False
        if len(signature) != SIGNATURE_CHARS:
            return False
        point = raw[:_POINT_BYTES]
        secret = self._prefix.copy()
        secret.update(message)
        r = int.from_bytes(secret.digest(), "little")
        k = int.from_bytes(hashlib.sha512(point + self._public + message).digest(), "little")
        # A multiple of L, another each time, changes no result and leaves nothing to learn from the time.
        scalar = self._scalar + ORDER * next(self._blinds)
        ours = point + ((r + k * scalar) % ORDER).to_bytes(_POINT_BYTES, "little")
        text = binascii.b2a_base64(ours, newline=False).translate(_FROM_STANDARD)
        return hmac.compare_digest(text[:SIGNATURE_CHARS], signature)


def _numbers() -> Iterator[int]:
    """Random ones of 64 bits; the system is asked for many at once."""
    while True:
        yield from _BLINDS.unpack(secrets.token_bytes(_BLINDS.size))
