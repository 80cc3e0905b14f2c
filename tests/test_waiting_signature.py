"""Our own signatures are known without the curve: those that verify, letter by letter, and no others."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waiting_room.signature import ORDER, OwnSignature

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
RFC_8032_7_1_TEST_3 = (
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)


def spelt(signature: bytes) -> bytes:
    return base64.urlsafe_b64encode(signature).rstrip(b"=")


def test_a_signature_of_the_standard() -> None:
    secret, message, signature = (bytes.fromhex(text) for text in RFC_8032_7_1_TEST_3)
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert key.sign(message) == signature
    assert OwnSignature(key).holds(message, spelt(signature))


@pytest.mark.parametrize("length", [0, 1, 111, 112, 128, 217, 1024])
def test_what_the_key_signs_holds_and_only_under_that_key(length: int) -> None:
    key, message = Ed25519PrivateKey.generate(), secrets.token_bytes(length)
    text = spelt(key.sign(message))
    assert OwnSignature(key).holds(message, text)
    assert not OwnSignature(Ed25519PrivateKey.generate()).holds(message, text)
    assert not OwnSignature(key).holds(message + b".", text)


def test_no_letter_may_be_another() -> None:
    """Not even in the bits that base64 leaves unused."""
    key, message = Ed25519PrivateKey.generate(), b"a pass"
    own, text = OwnSignature(key), spelt(key.sign(message))
    for place, letter in enumerate(text):
        for other in {*LETTERS} - {letter}:
            assert not own.holds(message, text[:place] + bytes([other]) + text[place + 1 :])


def test_no_other_point_and_no_other_number() -> None:
    key, message = Ed25519PrivateKey.generate(), b"a pass"
    own, signature = OwnSignature(key), key.sign(message)
    point, number = signature[:32], int.from_bytes(signature[32:], "little")
    other = key.sign(b"another")
    forged = [
        point + (number + ORDER).to_bytes(32, "little"),
        point + bytes(32),
        bytes(64),
        other[:32] + signature[32:],
        point + other[32:],
        other,
    ]
    assert [own.holds(message, spelt(one)) for one in forged] == [False] * len(forged)


@pytest.mark.parametrize("odd", [b"", b"A", b"A" * 85, b"A" * 87, b"A" * 88, b"\xff" * 86, b"+" * 86])
def test_what_is_no_signature_is_refused(odd: bytes) -> None:
    key = Ed25519PrivateKey.generate()
    own, text = OwnSignature(key), spelt(key.sign(b"a pass"))
    assert not own.holds(b"a pass", odd)
    assert not own.holds(b"a pass", text + b"==")
    assert not own.holds(b"a pass", text + b"\n")
