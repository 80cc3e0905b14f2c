"""The log of what operators do: taken down in the store at once, then carried over to Postgres.

So a sale can be paused while Postgres is away and the log still has it: who, when, what and why.
"""

import secrets
from contextlib import suppress
from typing import Final

import msgspec
import structlog
from litestar import Response, get

from api.callers import need
from api.moments import rfc3339
from api.places import NO_STORE
from api.requests import PathId
from api.rooms import OpenRooms, Rooms
from ledger.actions import Action, ActionVerb, actions_of, write_action
from ledger.pool import Pool
from ledger.trouble import POSTGRES_TROUBLE, within
from store import keys
from store.connection import Store
from store.trail import Note, Trail
from store.unavailable import StoreUnavailable

ROWS_MAX: Final = 10_000
TTL_MS: Final = 30 * 24 * 3600 * 1000
DRAIN_ROWS: Final = 100
LEDGER_PATIENCE_S: Final = 1.0
ID_BYTES: Final = 8
log = structlog.get_logger("usher.actions")


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """`written` is false while the action stands in the store only."""

    at: str
    verb: ActionVerb
    who: str
    why: str
    detail: str
    written: bool


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. `complete` is false while Postgres, which has the older ones, does not answer."""

    actions: list[ActionView]
    complete: bool


@get(
    "/v1/sales/{sale:str}/actions",
    operation_id="listActions",
    tags=["operator"],
    guards=[need("operator")],
    security=[{"bearer": []}],
)
async def list_actions(sale: PathId, rooms: OpenRooms) -> Response[Actions]:
    """What operators did to the sale: who, when, what and why."""
    found = await rooms.sale(sale)
    waiting = [action_of(note) for note in await trail(rooms.store).after("0-0", ROWS_MAX)]
    older, complete = list[Action](), True
    try:
        older = await within(LEDGER_PATIENCE_S, actions_of(rooms.pool, found.id))
    except POSTGRES_TROUBLE:
        complete = False
    known = {action.id for action in older}
    new = [action for action in reversed(waiting) if action.sale == sale and action.id not in known]
    views = [view_of(action, written=action.id in known) for action in (*new, *older)]
    return Response(Actions(actions=views, complete=complete), headers=NO_STORE)


async def take_down(rooms: Rooms, sale: str, verb: ActionVerb, who: str, why: str, detail: str) -> None:
    """Logs what was just done; never refuses what has happened already."""
    action = Action(
        id=secrets.token_hex(ID_BYTES),
        sale=sale,
        at_ms=rooms.store.clock.now_ms(),
        verb=verb,
        who=who,
        why=why,
        detail=detail,
    )
    try:
        await trail(rooms.store).note(msgspec.msgpack.encode(action))
    except StoreUnavailable:
        # The store took the action and went away: the process log is all that is left to tell of it.
        log.error("action not taken down", sale=sale, verb=verb, detail=detail, at_ms=action.at_ms)
        return
    with suppress(StoreUnavailable, *POSTGRES_TROUBLE):
        await within(LEDGER_PATIENCE_S, drain(rooms.store, rooms.pool))


async def drain(store: Store, pool: Pool) -> int:
    """Carries what waits over to Postgres; told twice, it stands there once. How many were carried."""
    waiting = trail(store)
    notes = await waiting.after("0-0", DRAIN_ROWS)
    for note in notes:
        action = action_of(note)
        fields = (action.verb, action.who, action.why, action.detail)
        await write_action(pool, action.id, action.sale, action.at_ms, *fields)
    await waiting.forget(notes)
    return len(notes)


def trail(store: Store) -> Trail:
    return Trail(store, keys.ACTIONS, rows_max=ROWS_MAX, ttl_ms=TTL_MS)


def action_of(note: Note) -> Action:
    return msgspec.msgpack.decode(note.body, type=Action)


def view_of(action: Action, *, written: bool) -> ActionView:
    return ActionView(
        at=rfc3339(action.at_ms),
        verb=action.verb,
        who=action.who,
        why=action.why,
        detail=action.detail,
        written=written,
    )
