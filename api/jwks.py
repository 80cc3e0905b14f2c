"""The public keys by which any storefront verifies a pass offline, and any door a ticket."""

import msgspec
from litestar import Response, get

from api.callers import need
from api.rooms import OpenRooms


@get("/.well-known/jwks.json", operation_id="jwks", tags=["storefront"], sync_to_thread=False)
def jwks(rooms: OpenRooms) -> Response[bytes]:
    """A JSON Web Key Set."""
    return Response(
        rooms.waiting_room.jwks(),
        media_type="application/jwk-set+json",
        headers={"cache-control": "public, max-age=3600"},
    )


class TicketKey(msgspec.Struct, frozen=True):
    """A JSON Web Key (RFC 8037): `x` is the Ed25519 public key, urlsafe base64 without padding."""

    x: str
    kty: str = "OKP"
    crv: str = "Ed25519"


@get(
    "/v1/tickets/key",
    operation_id="ticketKey",
    tags=["cinemas"],
    guards=[need("door", "cinema", "operator", "storefront")],
    security=[{"bearer": []}],
    sync_to_thread=False,
)
def ticket_key(rooms: OpenRooms) -> TicketKey:
    """The key by which a door verifies the codes of tickets without a network."""
    return TicketKey(rooms.tickets.public_text)
