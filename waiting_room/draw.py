"""The draw: one keyed permutation gives every early entry its rank, in constant time and without a list.

Construction: the generalized Feistel cipher of Black and Rogaway, "Ciphers with Arbitrary Finite Domains"
(CT-RSA 2002), on Z_a x Z_b with a*b >= N and a, b about the square root of N, walking the cycle until the
value falls below N. Each of the 12 rounds adds a round function, whose whole table (about sqrt(N) numbers) is
read once from SHAKE-256 over the seed, so that a rank costs a dozen list look-ups.

Fairness: the seed is drawn before anyone joins and committed to as SHA-256 of its 32 bytes; it is revealed at
the open together with N. Anyone can then repeat every rank: `Draw(seed, N).rank(entry)`.
"""

import hashlib
import math
import struct
from typing import Final

ROUNDS: Final = 12
SEED_BYTES: Final = 32


def commitment(seed_hex: str) -> str:
    """SHA-256 over the 32 bytes of the seed, as hex: published before the draw."""
    return hashlib.sha256(_seed_bytes(seed_hex)).hexdigest()


class Draw:
    """A permutation of 0..size-1 fixed by the seed (64 hex digits). Example: size 10 walks Z_4 x Z_3."""

    def __init__(self, seed_hex: str, size: int) -> None:
        assert 0 <= size < 2**32
        self.size = size
        self._wide = math.isqrt(max(size - 1, 0)) + 1
        self._high = max(1, -(-size // self._wide))
        seed = _seed_bytes(seed_hex)
        moduli = (self._wide, self._high)
        self._tables = [
            _table(seed, number, size, moduli[1 - number % 2], moduli[number % 2]) for number in range(ROUNDS)
        ]
        self._forward = list(zip(self._tables[::2], self._tables[1::2], strict=True))
        self._backward = self._forward[::-1]

    def rank(self, entry: int) -> int:
        """The rank that this entry drew."""
        assert 0 <= entry < self.size
        wide, high, value = self._wide, self._high, entry
        while True:
            low, top = value % wide, value // wide
            for even, odd in self._forward:
                low = (low + even[top]) % wide
                top = (top + odd[low]) % high
            value = top * wide + low
            if value < self.size:
                return value

    def entry(self, rank: int) -> int:
        """Who drew this rank: the inverse of `rank`."""
        assert 0 <= rank < self.size
        wide, high, value = self._wide, self._high, rank
        while True:
            low, top = value % wide, value // wide
            for even, odd in self._backward:
                top = (top - odd[low]) % high
                low = (low - even[top]) % wide
            value = top * wide + low
            if value < self.size:
                return value


def _table(seed: bytes, number: int, size: int, length: int, modulus: int) -> list[int]:
    """A round function as a table. 64-bit words reduced by a modulus below 2^17 are uneven by less than
    2^-47."""
    label = b"usher draw 1" + struct.pack(">BI", number, size)
    words = struct.unpack(f">{length}Q", hashlib.shake_256(label + seed).digest(8 * length))
    return [word % modulus for word in words]


def _seed_bytes(seed_hex: str) -> bytes:
    seed = bytes.fromhex(seed_hex)
    assert len(seed) == SEED_BYTES, "a seed has 32 bytes"
    return seed
