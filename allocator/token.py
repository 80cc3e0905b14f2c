"""Tokens: the names of holds and of the orders they become, `<showtime serial in base 32>-<16 characters>`.

80 random bits: whoever knows a token may read its order. The serial leads to the showtime without a lookup.
"""

import re
from functools import lru_cache
from typing import Final

from allocator.outbox import Token

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letters that are taken for another."""
CHARACTERS: Final = 16
SERIAL_MAX: Final = 32**7 - 1
_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)
_SHIFTS: Final = tuple(range(70, -1, -10))
_SHAPE: Final = re.compile(rf"(0|[1-9a-z][{ALPHABET}]{{0,6}})-([{ALPHABET}]{{{CHARACTERS}}})")


def mint(serial: int, digest: str) -> Token:
    """The token of a request on a showtime; `digest` is at least 20 hex digits, and decides it."""
    assert 0 <= serial <= SERIAL_MAX
    assert len(digest) >= 20, "80 bits are wanted"
    return Token(f"{_prefix(serial)}-{_eighty_bits(int(digest[:20], 16))}")


def serial(token: str) -> int | None:
    """Serial of the showtime; None when this is no token as `mint` writes them."""
    found = _SHAPE.fullmatch(token)
    if found is None or not set(found[1]) <= set(ALPHABET):
        return None
    number = 0
    for letter in found[1]:
        number = number * 32 + ALPHABET.index(letter)
    return number


@lru_cache(maxsize=4096)
def _prefix(serial: int) -> str:
    letters = ""
    while serial or not letters:
        serial, rest = divmod(serial, 32)
        letters = ALPHABET[rest] + letters
    return letters


def _eighty_bits(number: int) -> str:
    """Two characters at a time: a token is minted for every hold."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
