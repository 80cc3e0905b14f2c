"""Who calls: API keys with a role for machines, tokens for fans. Texts are compared in constant time."""

import hmac
from typing import Any, Final, Literal

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from api.problems import Refused
from api.refusals import NotAllowed, Unsigned, WrongKey
from api.settings import ApiSettings

Role = Literal["storefront", "operator", "cinema", "door"]
Connection = ASGIConnection[Any, Any, Any, Any]
TOKEN_CHARS_MAX = 2048
NOTHING_SENT: Final = "No `Authorization: Bearer` was sent."


def bearer(authorization: str | None) -> str:
    """The text after `Bearer`, or `bad-token`."""
    found = borne(authorization)
    if found is None:
        raise Refused(Unsigned(why=NOTHING_SENT))
    return found


def borne(authorization: str | None) -> str | None:
    """The text after `Bearer`, if there is one."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip() or len(text) > TOKEN_CHARS_MAX:
        return None
    return text.strip()


def role_of(settings: ApiSettings, key: str) -> Role | None:
    """The role a key opens; every key is compared, so that the time taken says nothing."""
    keys: tuple[tuple[Role, str], ...] = (
        ("storefront", settings.storefront_key),
        ("operator", settings.operator_key),
        ("cinema", settings.cinema_key),
        ("door", settings.door_key),
    )
    matches = [role for role, ours in keys if hmac.compare_digest(ours.encode(), key.encode()) and ours]
    return matches[0] if matches else None


def need(*roles: Role) -> Guard:
    """A guard that lets these roles through: 401 for no key of ours, 403 for a key of another role."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        check_role(connection.app.state.house.settings, connection.headers.get("authorization"), *roles)

    return guard


def check_role(settings: ApiSettings, authorization: str | None, *roles: Role) -> None:
    """Refuses a caller whose key opens none of these roles."""
    key = borne(authorization)
    if key is None:
        raise Refused(WrongKey(NOTHING_SENT, roles))
    role = role_of(settings, key)
    if role is None:
        raise Refused(WrongKey("The API key is not one of ours.", roles))
    if role not in roles:
        raise Refused(NotAllowed(why=f"The {role}'s key does not open this call."))
