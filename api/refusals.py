"""What the doors themselves refuse, before or after a room was asked."""

import msgspec

from allocator.answers import AlreadyPaid


class BadRequest(msgspec.Struct, frozen=True):
    """The request cannot be read as this call; `why` says where."""

    why: str


class TooLarge(msgspec.Struct, frozen=True):
    limit_bytes: int


class UnsupportedMedia(msgspec.Struct, frozen=True):
    sent: str


class Unsigned(msgspec.Struct, frozen=True):
    """No token, key or signature that we gave out or trust; `why` never repeats what was sent."""

    why: str


class WrongKey(msgspec.Struct, frozen=True):
    """No API key of ours; `keys` names the roles whose keys open the call."""

    why: str
    keys: tuple[str, ...]


class NotAllowed(msgspec.Struct, frozen=True):
    why: str


class NoSuchPage(msgspec.Struct, frozen=True): ...


class WrongMethod(msgspec.Struct, frozen=True): ...


class TooMany(msgspec.Struct, frozen=True):
    retry_after_s: int


class Crowded(msgspec.Struct, frozen=True):
    """More calls are in flight in this process than it answers at a time; nothing of this one was read."""


class InProgress(msgspec.Struct, frozen=True): ...


class IdempotencyMismatch(msgspec.Struct, frozen=True): ...


class UnknownShowtime(msgspec.Struct, frozen=True): ...


class UnknownPlan(msgspec.Struct, frozen=True): ...


class UnknownContract(msgspec.Struct, frozen=True): ...


class UnknownCinema(msgspec.Struct, frozen=True):
    """No showtime was ever delegated for a cinema of this name."""


class BadTicket(msgspec.Struct, frozen=True):
    """A text that no ticket of ours carries as its code."""


class UnknownTicket(msgspec.Struct, frozen=True):
    """A genuine ticket that the writer has not brought to Postgres yet."""


class TicketVoid(msgspec.Struct, frozen=True):
    """A ticket that was refunded or exchanged; its seat may be another fan's."""


class AlreadyCheckedIn(msgspec.Struct, frozen=True):
    """The ticket was used already, perhaps by who holds a copy of it."""

    checked_in_at: str


class UnknownRefund(msgspec.Struct, frozen=True):
    """No payment of this name goes back, or the writer has not brought it to Postgres yet."""


class UnknownAlarm(msgspec.Struct, frozen=True): ...


class AlarmStands(msgspec.Struct, frozen=True):
    """An alarm that nobody can close: it does so itself when its cause is gone."""

    what: str


class UnknownProvider(msgspec.Struct, frozen=True): ...


class AlreadyOnSale(msgspec.Struct, frozen=True):
    """The definition cannot change any more; `what` names it."""

    what: str


class HoldPaid(msgspec.Struct, frozen=True):
    """The hold has become a paid order, which keeps its seats."""


class PaidElsewhere(AlreadyPaid, frozen=True):
    """The payment, by its provider and reference, came for the order `other` before: no second one."""

    other: str


class BadDefinition(msgspec.Struct, frozen=True):
    """A plan, or prices and seats against it, that cannot be used; `where` is the path of the fault."""

    where: str
    why: str


class StoreAway(msgspec.Struct, frozen=True):
    """The store, or a gate in front of it, cannot decide now."""


class LedgerAway(msgspec.Struct, frozen=True):
    """Postgres does not answer; definitions, contracts, statements, refunds, check-ins and alarms need it."""


class IdentityAway(msgspec.Struct, frozen=True):
    """The storefront's keys have never been read, so its tokens can be neither trusted nor refused."""


class OurFault(msgspec.Struct, frozen=True): ...
