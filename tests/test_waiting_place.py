"""A place token has one spelling, and nobody but us can write one."""

import pytest

from waiting_room.answers import BadToken, WrongSale
from waiting_room.place import RANK_UNKNOWN, TOKEN_CHARS, FanId, Place, PlaceSigner

SIGNER = PlaceSigner(b"p" * 32, b"f" * 32)
PLACE = Place(7, 41, 12, FanId(b"\x00\x01\xfe\xff****"))
TOKEN = SIGNER.sign(PLACE)


def changed(at: int) -> bytes:
    """The token with one character replaced by another of the alphabet."""
    return TOKEN[:at] + (b"A" if TOKEN[at : at + 1] != b"A" else b"B") + TOKEN[at + 1 :]


READS: list[tuple[str, bytes, int, object]] = [
    ("as signed", TOKEN, 7, PLACE),
    ("another sale", TOKEN, 8, WrongSale()),
    ("empty", b"", 7, BadToken()),
    ("one short", TOKEN[:-1], 7, BadToken()),
    ("four short", TOKEN[:-4], 7, BadToken()),
    ("four more", TOKEN + b"AAAA", 7, BadToken()),
    ("padded", TOKEN + b"=", 7, BadToken()),
    ("padding for characters", TOKEN[:-1] + b"=", 7, BadToken()),
    ("a newline after it", TOKEN + b"\n", 7, BadToken()),
    ("a space inside", TOKEN[:10] + b" " + TOKEN[10:], 7, BadToken()),
    ("junk for a character", TOKEN[:10] + b"!" + TOKEN[11:], 7, BadToken()),
    ("a byte beyond ASCII", TOKEN[:10] + b"\xff" + TOKEN[11:], 7, BadToken()),
    ("in the standard alphabet", TOKEN.replace(b"-", b"+").replace(b"_", b"/"), 7, BadToken()),
    ("a million characters", b"A" * 1_000_000, 7, BadToken()),
    ("by another key", PlaceSigner(b"q" * 32, b"f" * 32).sign(PLACE), 7, BadToken()),
    ("by another key, of another sale", PlaceSigner(b"q" * 32, b"f" * 32).sign(PLACE), 8, BadToken()),
]


@pytest.mark.parametrize(("case", "token", "sale", "expected"), READS, ids=[row[0] for row in READS])
def test_reads(case: str, token: bytes, sale: int, expected: object) -> None:
    assert SIGNER.read(token, sale) == expected


def test_the_standard_alphabet_would_have_said_something_else() -> None:
    assert b"-" in TOKEN or b"_" in TOKEN


@pytest.mark.parametrize("at", range(TOKEN_CHARS))
def test_no_character_can_be_changed(at: int) -> None:
    assert SIGNER.read(changed(at), 7) == BadToken()


@pytest.mark.parametrize(
    "place",
    [
        Place(0, 0, 0, FanId(bytes(8))),
        Place(2**32 - 1, 2**32 - 1, RANK_UNKNOWN, FanId(b"\xff" * 8)),
        Place(1, 2, 3, FanId(b"abcdefgh")),
    ],
)
def test_every_place_comes_back(place: Place) -> None:
    token = SIGNER.sign(place)
    assert len(token) == TOKEN_CHARS
    assert SIGNER.read(token, place.sale) == place


def test_fan_ids_differ_by_purpose_and_hide_the_account() -> None:
    fans = {
        SIGNER.account_fan("ada"),
        SIGNER.account_fan("bob"),
        SIGNER.request_fan("ada"),
        SIGNER.guest_fan(7, 0),
        SIGNER.guest_fan(7, 1),
        SIGNER.guest_fan(8, 0),
        PlaceSigner(b"p" * 32, b"g" * 32).account_fan("ada"),
    }
    assert len(fans) == 7
    assert SIGNER.account_fan("ada") == PlaceSigner(b"q" * 32, b"f" * 32).account_fan("ada")
