"""Who the fan is: by the pass that the waiting room gave, for the sale that the pass is for."""

from allocator.sale import Sale
from api.callers import bearer, role_of
from api.problems import Refused
from api.refusals import NotAllowed, Unsigned
from api.rooms import Rooms
from waiting_room.answers import BadToken
from waiting_room.passes import Pass


def admitted(authorization: str | None, rooms: Rooms, sale: Sale) -> Pass:
    """The pass of the caller, good now and for this sale."""
    text = bearer(authorization)
    found = rooms.waiting_room.read_pass(text, sale)
    if isinstance(found, BadToken) and role_of(rooms.settings, text) is not None:
        raise Refused(Unsigned(why="An API key is no pass: this call is a fan's."))
    if not isinstance(found, Pass):
        raise Refused(found)
    return found


def owned(pass_: Pass, fan: str) -> None:
    """Refuses what belongs to another fan."""
    if pass_.fan != fan:
        raise Refused(NotAllowed(why="It belongs to another fan."))
