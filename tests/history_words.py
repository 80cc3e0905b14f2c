"""What the allocator answered, as the short words and numbers that a history keeps."""

from typing import Any

from allocator import answers
from allocator.standing import Reclaim
from tests.history_night import Night

Told = tuple[str, list[Any]]


def told_hold(night: Night, answer: answers.HoldAnswer) -> Told:
    index = night.show.geometry.index
    match answer:
        case answers.Held():
            word = "REPLAYED" if answer.replayed else "HELD"
            return word, [list(answer.indices), answer.deadline_ms, answer.together]
        case answers.OverLimit(left):
            return "OVER_LIMIT", [left]
        case answers.NoSuchSeats(seats):
            return "NO_SUCH_SEATS", [len(seats)]
        case answers.SeatsTaken(seats):
            return "TAKEN", [[index(name) for name in seats]]
        case answers.LeavesSingle(single, instead):
            return "LEAVES_SINGLE", [index(single), [index(name) for name in instead]]
        case answers.NoFit(largest, _):
            return "NO_FIT", [largest]
        case answers.PassUsedUp():
            return "PASS_USED_UP", []
        case answers.SoldOut():
            return "SOLD_OUT", []
        case answers.SaleNotOpen() | answers.SalePaused() | answers.SaleClosed():
            return "SALE_CLOSED", []


def told_order(answer: answers.OrderAnswer) -> Told:
    match answer:
        case answers.Ordered(_, deadline_ms, _):
            return "ORDERED", [deadline_ms]
        case answers.UnknownHold():
            return "UNKNOWN_HOLD", []
        case answers.HoldExpired():
            return "EXPIRED", []
        case answers.PassUsedUp():
            return "PASS_USED_UP", []


def told_pay(answer: answers.ConfirmAnswer) -> Told:
    match answer:
        case answers.OrderConfirmed():
            return "REPLAYED" if answer.replayed else "CONFIRMED", [answer.version]
        case answers.WrongAmount(amount, _):
            return "WRONG_AMOUNT", [amount]
        case answers.UnknownOrder():
            return "UNKNOWN_ORDER", []
        case answers.AlreadyPaid():
            return "ALREADY_PAID", []
        case answers.LateRefunded():
            return "LATE_REFUNDED", []


def told_release(answer: answers.ReleaseAnswer) -> Told:
    match answer:
        case answers.Released():
            return "RELEASED", []
        case answers.AlreadyPaid():
            return "SOLD", []
        case answers.UnknownHold():
            return "UNKNOWN_HOLD", []


def told_reclaim(answer: Reclaim) -> Told:
    return "RECLAIMED", [list(answer.sold), list(answer.awaiting), list(answer.back)]
