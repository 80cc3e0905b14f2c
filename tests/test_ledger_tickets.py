"""Ticket codes: readable with the public key alone, and by no other spelling."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.tickets import TicketCode, read_ticket_code, ticket_code

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
CODE = ticket_code("t-1-0123456789abcdef-2", 17, "Balcony-C-7", KEY)
GIVEN = TicketCode("t-1-0123456789abcdef-2", 17, "Balcony-C-7")


def test_a_code_says_what_it_was_made_of() -> None:
    assert read_ticket_code(CODE, KEY.public_key()) == GIVEN
    assert ticket_code(GIVEN.ticket, GIVEN.showtime, GIVEN.seat, KEY) == CODE
    assert len(CODE) < 160


def test_a_seat_may_be_named_in_any_script() -> None:
    code = ticket_code("t-1-x-1", 1, "二楼-甲.排-7", KEY)
    assert read_ticket_code(code, KEY.public_key()) == TicketCode("t-1-x-1", 1, "二楼-甲.排-7")


def test_another_key_is_refused() -> None:
    assert read_ticket_code(CODE, OTHER.public_key()) is None


@pytest.mark.parametrize(
    "code",
    [
        "",
        "...",
        CODE + "=",
        CODE + "A",
        CODE[:-1],
        " " + CODE,
        CODE.replace(".17.", ".18."),
        CODE.replace(".17.", ".017."),
        CODE.replace(".", "..", 1),
        CODE + ".x",
        CODE + "é",
        "x" * 10_000,
    ],
)
def test_a_changed_code_is_refused(code: str) -> None:
    assert read_ticket_code(code, KEY.public_key()) is None


def test_every_other_last_character_is_refused() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = [one for one in alphabet if read_ticket_code(CODE[:-1] + one, KEY.public_key())]
    assert accepted == [CODE[-1]]
