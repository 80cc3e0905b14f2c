"""The code on a ticket: short text that a door verifies offline with the platform's public key alone.

Ticket, showtime serial, seat and signature, joined by dots: what a door must know is in it, and the Ed25519
signature covers it. Text outside the one spelling that a code was made with is refused.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE: Final = b"usher ticket 1:"
"""Signed along, so that a signature of another purpose never passes for a ticket's."""
CODE_LENGTH_MAX: Final = 400


class TicketCode(msgspec.Struct, frozen=True):
    """What a genuine code says. Whether the ticket is still live is for the ledger to say."""

    ticket: str
    showtime: int
    seat: str


def ticket_code(ticket: str, showtime: int, seat: str, key: Ed25519PrivateKey) -> str:
    """The same code every time: Ed25519 signatures are deterministic."""
    content = ".".join((_text(ticket.encode()), str(showtime), _text(seat.encode())))
    return f"{content}.{_text(key.sign(PURPOSE + content.encode()))}"


def read_ticket_code(code: str, key: Ed25519PublicKey) -> TicketCode | None:
    """What the code says, or None if it was not made with the private half of `key`."""
    parts = code.split(".")
    if len(code) > CODE_LENGTH_MAX or len(parts) != 4 or not code.isascii():
        return None
    content, signature = ".".join(parts[:3]), _bytes(parts[3])
    if signature is None:
        return None
    try:
        key.verify(signature, PURPOSE + content.encode())
    except InvalidSignature:
        return None
    # Signed content was spelt by ticket_code, so it can be taken apart without further doubt.
    ticket, seat = urlsafe_b64decode(_padded(parts[0])), urlsafe_b64decode(_padded(parts[2]))
    return TicketCode(ticket.decode(), int(parts[1]), seat.decode())


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _bytes(text: str) -> bytes | None:
    """The decoded text if this is its only spelling: base64 ignores junk and spare bits."""
    try:
        found = urlsafe_b64decode(_padded(text))
    except ValueError:
        return None
    return found if _text(found) == text else None
