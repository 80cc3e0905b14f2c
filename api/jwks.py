"""The public keys by which any storefront verifies a pass offline."""

from litestar import Response, get

from api.rooms import OpenRooms


@get("/.well-known/jwks.json", operation_id="jwks", tags=["storefront"], sync_to_thread=False)
def jwks(rooms: OpenRooms) -> Response[bytes]:
    """A JSON Web Key Set."""
    return Response(
        rooms.waiting_room.jwks(),
        media_type="application/jwk-set+json",
        headers={"cache-control": "public, max-age=3600"},
    )
