"""The words of the functions as answers: one table per function, in the order of precedence.

`NO_EPOCH` and `NOT_LOADED` are no answers to anybody: the store cannot decide now.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from allocator import answers
from allocator.catalogue import OnSale
from allocator.outbox import Token
from allocator.wishes import Best, Exact, Want
from store.unavailable import StoreUnavailable

T = TypeVar("T")
UNAVAILABLE: Final = {"NO_EPOCH": "the gate is closed", "NOT_LOADED": "the showtime is not loaded"}

Hold = Callable[[OnSale, Token, Want, list[Any]], answers.HoldAnswer]
HOLD: Final[dict[str, Hold]] = {
    "REPLAYED": lambda show, token, want, fields: _held(token, fields, replayed=True),
    "SALE_NOT_OPEN": lambda show, token, want, fields: answers.SaleNotOpen(),
    "SALE_PAUSED": lambda show, token, want, fields: answers.SalePaused(fields[0]),
    "SALE_CLOSED": lambda show, token, want, fields: _closed(reclaimed=fields[0]),
    "PASS_USED_UP": lambda show, token, want, fields: answers.PassUsedUp(),
    "OVER_LIMIT": lambda show, token, want, fields: answers.OverLimit(fields[0]),
    "NO_SUCH_SEATS": lambda show, token, want, fields: _no_such_seats(want, fields[0]),
    "TAKEN": lambda show, token, want, fields: answers.SeatsTaken(show.geometry.named(fields[0])),
    "LEAVES_SINGLE": lambda show, token, want, fields: answers.LeavesSingle(
        show.geometry.names[fields[0]], show.geometry.named(fields[1])
    ),
    "SOLD_OUT": lambda show, token, want, fields: answers.SoldOut(),
    "NO_FIT": lambda show, token, want, fields: answers.NoFit(*fields),
    "HELD": lambda show, token, want, fields: _held(token, fields, replayed=False),
}
ORDER: Final[dict[str, Callable[[Token, list[Any]], answers.OrderAnswer]]] = {
    "REPLAYED": lambda token, fields: answers.Ordered(token, *fields),
    "UNKNOWN_HOLD": lambda token, fields: answers.UnknownHold(),
    "EXPIRED": lambda token, fields: answers.HoldExpired(),
    "PASS_USED_UP": lambda token, fields: answers.PassUsedUp(),
    "ORDERED": lambda token, fields: answers.Ordered(token, *fields),
}
CONFIRM: Final[dict[str, Callable[[Token, list[Any]], answers.ConfirmAnswer]]] = {
    "UNKNOWN_ORDER": lambda token, fields: answers.UnknownOrder(),
    "REPLAYED": lambda token, fields: _paid_before(token, *fields),
    "ALREADY_PAID": lambda token, fields: answers.AlreadyPaid(),
    "WRONG_AMOUNT": lambda token, fields: answers.WrongAmount(*fields),
    "LATE_REFUNDED": lambda token, fields: answers.LateRefunded(),
    "CONFIRMED": lambda token, fields: answers.OrderConfirmed(
        token=token, version=fields[0], entry=fields[1], order=fields[2]
    ),
}
RELEASE: Final[dict[str, answers.ReleaseAnswer]] = {
    "UNKNOWN_HOLD": answers.UnknownHold(),
    "SOLD": answers.AlreadyPaid(),
    "RELEASED": answers.Released(),
}


def look_up(table: Mapping[str, T], word: str) -> T:
    """The table's entry; StoreUnavailable for a word that says the store cannot decide."""
    if word in UNAVAILABLE:
        raise StoreUnavailable(UNAVAILABLE[word])
    assert word in table, f"unexpected word {word}"
    return table[word]


def known(answer: list[Any]) -> list[Any]:
    """The single answer [word, *fields]; StoreUnavailable as in `look_up`."""
    if answer[0] in UNAVAILABLE:
        raise StoreUnavailable(UNAVAILABLE[answer[0]])
    return answer


def held(onsale: OnSale, token: Token, want: Want, answer: list[Any] | int, at_ms: int) -> answers.HoldAnswer:
    """The answer to a hold; a number is the first seat of the block that was asked for, held from `at_ms`."""
    if isinstance(answer, int):
        assert isinstance(want, Best), "only the best seats are answered by a number"
        seats = range(answer, answer + want.count)
        return _held(token, [seats, at_ms + onsale.sale.hold_ms, True], replayed=False)
    word, *fields = answer
    return look_up(HOLD, word)(onsale, token, want, fields)


def _held(token: Token, fields: list[Any], *, replayed: bool) -> answers.Held:
    seats, deadline_ms, together = fields
    assert seats, "a hold without seats"
    return answers.Held(
        token=token, indices=tuple(seats), deadline_ms=deadline_ms, together=together, replayed=replayed
    )


def _closed(*, reclaimed: bool) -> answers.SaleClosed:
    return answers.ShowtimeReclaimed() if reclaimed else answers.SaleClosed()


def _no_such_seats(want: Want, places: list[int]) -> answers.NoSuchSeats:
    assert isinstance(want, Exact)
    return answers.NoSuchSeats(tuple(want.seats[place] for place in places))


def _paid_before(token: Token, word: str, version: int, entry: int) -> answers.ConfirmAnswer:
    if word == "CONFIRMED":
        return answers.OrderConfirmed(token=token, version=version, entry=entry, replayed=True)
    return CONFIRM[word](token, [version, entry])
