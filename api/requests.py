"""Reads bodies and ids strictly, where the framework would be lenient.

Litestar answers 500 to deeply nested JSON and to invalid UTF-8, reads `text/plain` as JSON and takes
1.0 for an int. Here a body is decoded once, from its bytes, straight into the Struct that the route names.
"""

import re
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.openapi.spec import OpenAPIType
from litestar.params import PathParameter, QueryParameter
from litestar.types import Receive

from api import complaints
from api.problems import Refused
from api.refusals import BadRequest, UnsupportedMedia

ID_PATTERN: Final = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}(?!\n)$"
"""`$` alone lets a newline follow; `.` and `..` would be other addresses."""
ID: Final = "1 to 64 of the characters A-Z, a-z, 0-9, `.`, `_` and `-`, and neither `.` nor `..`"
Id = Annotated[str, msgspec.Meta(pattern=ID_PATTERN, description=ID)]
"""An id in a body."""
PathId = Annotated[str, PathParameter(pattern=ID_PATTERN, description=ID)]
"""An id in an address."""
QueryId = Annotated[str, QueryParameter(pattern=ID_PATTERN, description=ID)]
INTEGER_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,18})(?!\n)$"
_AS_INTEGER: Final = {"type": OpenAPIType.INTEGER, "oneOf": None, "pattern": None}
QueryInteger = Annotated[
    str | None,
    QueryParameter(pattern=INTEGER_PATTERN, schema_extra=_AS_INTEGER, description="a whole number"),
]
"""An integer in a query, as it is spelt: where a route names an int, 1.0, 1e2 and null are read as one."""
Currency = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Z]{3}(?!\n)$", description="an ISO 4217 code of three capital letters, such as CNY"
    ),
]
MINOR_UNITS: Final = "a whole number, not negative, of the currency's minor unit: 4500 for 45.00 CNY"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
T = TypeVar("T")


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that a caller sends."""


def check_media(content_type: str) -> None:
    """Refuses a body that says it is something other than JSON."""
    media = content_type.partition(";")[0].strip().lower()
    if media and media != "application/json" and not re.fullmatch(r"application/[\w.-]+\+json", media):
        raise Refused(UnsupportedMedia(sent=media[:80]))


def decode(body: bytes, kind: type[T] | msgspec.json.Decoder[T]) -> T:
    """The body as `kind`, or `bad-request` saying where it fails. NUL is refused: Postgres cannot keep it."""
    if b"\\u0000" in body:
        raise Refused(BadRequest(why="A text holds a NUL character."))
    try:
        if isinstance(kind, msgspec.json.Decoder):
            return kind.decode(body)
        return msgspec.json.decode(body, type=kind, strict=True)
    except msgspec.DecodeError as error:
        wanted = kind.type if isinstance(kind, msgspec.json.Decoder) else kind
        raise Refused(BadRequest(why=complaints.of_body(error, wanted))) from None
    except (RecursionError, UnicodeDecodeError):
        raise Refused(BadRequest(why="The body is not JSON that anyone means.")) from None


class StrictRequest(Request[Any, Any, Any]):
    """Litestar's request with a strict `json()`: the value is already of the route's type."""

    async def json(self) -> Any:
        check_media(self.headers.get("content-type", ""))
        field = self.route_handler.parsed_data_field
        return decode(await self.body(), field.annotation if field else Any)


def after(message: Any, receive: Receive) -> Receive:
    """A `receive` that begins with a message taken before."""
    unread = True

    async def receive_again() -> Any:
        nonlocal unread
        if unread:
            unread = False
            return message
        return await receive()

    return receive_again
