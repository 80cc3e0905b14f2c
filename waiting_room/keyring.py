"""The waiting room's keys, all derived from the one secret of the house.

HKDF-SHA256 (RFC 5869) with one label per purpose, so that no key tells anything about another and a restart
with the same secret accepts the places and passes given out before it.
"""

from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_BYTES_MIN: Final = 32


class Keyring(msgspec.Struct, frozen=True):
    """`place` signs places, `fan` blinds accounts, `passes` signs the passes."""

    place: bytes
    fan: bytes
    passes: Ed25519PrivateKey

    @classmethod
    def derive(cls, secret: bytes) -> "Keyring":
        """The keys of this secret, the same every time; ValueError when it is shorter than 32 bytes."""
        if len(secret) < SECRET_BYTES_MIN:
            raise ValueError(f"the secret has {len(secret)} bytes, {SECRET_BYTES_MIN} are needed")
        return cls(
            place=_key(secret, b"usher place"),
            fan=_key(secret, b"usher fan"),
            passes=Ed25519PrivateKey.from_private_bytes(_key(secret, b"usher pass")),
        )


def _key(secret: bytes, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret)
