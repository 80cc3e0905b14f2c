"""The codes on tickets, signed with a key of their own derived from the house's secret."""

from base64 import urlsafe_b64encode
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.tickets import TicketCode, read_ticket_code, ticket_code

LABEL: Final = b"usher ticket"


class TicketView(msgspec.Struct, frozen=True):
    """`code` is what the door scans; it holds without asking anyone."""

    ticket: str
    seat: str
    code: str


class TicketSigner:
    """Signs tickets; the same ticket always has the same code."""

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=LABEL).derive(secret)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_text(self) -> str:
        """What doors verify with, as `x` of a JSON Web Key."""
        return urlsafe_b64encode(self._key.public_key().public_bytes_raw()).decode().rstrip("=")

    def view(self, token: str, number: int, showtime_serial: int, seat: str) -> TicketView:
        """Ticket `number` (from 1) of an order."""
        ticket = f"t-{token}-{number}"
        return TicketView(ticket, seat, ticket_code(ticket, showtime_serial, seat, self._key))

    def read(self, code: str) -> TicketCode | None:
        """What a code of ours says, None for any other text."""
        return read_ticket_code(code, self._key.public_key())


def order_and_number(ticket: str) -> tuple[str, int]:
    """The order's token and the ticket's number in it, from the id of a ticket of ours."""
    token, _, number = ticket.removeprefix("t-").rpartition("-")
    return token, int(number)
