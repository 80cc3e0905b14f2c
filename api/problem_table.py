"""The one table of problems: refusal type -> status, slug, title, detail, what to do, when to ask again."""

from types import MappingProxyType
from typing import Final

import msgspec

from allocator import answers
from api import refusals
from waiting_room import answers as queue


class Row(msgspec.Struct, frozen=True):
    """`detail` is a template over the refusal's fields; `retry_s` becomes `Retry-After`."""

    status: int
    slug: str
    title: str
    detail: str
    next: str
    retry_s: int | None = None


_READ_SEATS = "Read the showtime's seats and choose again."
_ROWS: dict[type, Row] = {
    # Before any room is asked.
    refusals.BadRequest: Row(
        400, "bad-request", "The request cannot be read", "{why}", "Compare the request with /schema."
    ),
    refusals.TooLarge: Row(
        413, "too-large", "The body is too large", "At most {limit_bytes} bytes.", "Send a smaller body."
    ),
    refusals.UnsupportedMedia: Row(
        415,
        "unsupported-media",
        "Only JSON is read here",
        "The body came as {sent}.",
        "Send Content-Type: application/json.",
    ),
    refusals.Unsigned: Row(
        401,
        "bad-token",
        "The token, key or signature is not valid",
        "{why}",
        "Send a valid `Authorization: Bearer`; fans ask for a pass again, or join.",
    ),
    refusals.WrongKey: Row(
        401,
        "bad-token",
        "The token, key or signature is not valid",
        "{why} This call takes the API key of: {keys}.",
        "Send `Authorization: Bearer` with that key; keys that nobody set lie in `keys/` of the data folder.",
    ),
    refusals.NotAllowed: Row(
        403, "not-allowed", "This caller may not do that", "{why}", "Use the key or pass made for it."
    ),
    refusals.NoSuchPage: Row(
        404, "not-found", "Nothing is here", "No such address.", "Compare the address with /schema."
    ),
    refusals.WrongMethod: Row(
        405,
        "method-not-allowed",
        "Not with this method",
        "The address exists, the method does not.",
        "Compare the method with /schema.",
    ),
    refusals.TooMany: Row(
        429, "too-many", "Too many requests", "Ask again in {retry_after_s} s.", "Wait as told."
    ),
    refusals.Crowded: Row(
        503,
        "overloaded",
        "Too many calls at once",
        "Nothing of this one was done.",
        "Send the same request again, as late as told.",
        retry_s=1,
    ),
    refusals.InProgress: Row(
        409,
        "in-progress",
        "The first request with this key still runs",
        "Its answer is not known yet.",
        "Send the same request again.",
        retry_s=1,
    ),
    refusals.IdempotencyMismatch: Row(
        422,
        "idempotency-mismatch",
        "This Idempotency-Key was used with another body",
        "The key already names a different request.",
        "Use a new key for a new request.",
    ),
    refusals.UnknownShowtime: Row(
        404, "unknown-showtime", "No such showtime", "No such showtime.", "List the showtimes of the sale."
    ),
    refusals.UnknownPlan: Row(404, "unknown-plan", "No such plan", "No such plan.", "Put the plan first."),
    refusals.UnknownCinema: Row(
        404, "unknown-cinema", "No such cinema", "It never had a showtime here.", "Compare its spelling."
    ),
    refusals.UnknownContract: Row(
        404, "unknown-contract", "No such contract", "No such contract.", "Put the contract first."
    ),
    refusals.UnknownAlarm: Row(
        404, "unknown-alarm", "No such alarm", "No such alarm.", "Read /v1/troubles for its number."
    ),
    refusals.AlarmStands: Row(
        409,
        "alarm-stands",
        "This alarm closes by itself",
        "A {what} alarm is open as long as its cause.",
        "Mend the cause; `usher doctor` says more.",
    ),
    refusals.UnknownProvider: Row(
        404, "unknown-provider", "No such payment provider", "None is set up by this name.", "Set its secret."
    ),
    # Definitions.
    refusals.BadDefinition: Row(
        422, "bad-plan", "The plan cannot be used", "{where}: {why}", "Mend the file and send it again."
    ),
    refusals.AlreadyOnSale: Row(
        409, "already-on-sale", "It is on sale", "{what} cannot change any more.", "Put it under a new id."
    ),
    # The waiting room.
    queue.UnknownSale: Row(404, "unknown-sale", "No such sale", "No such sale.", "List the sales."),
    queue.CannotMove: Row(
        409,
        "cannot-move",
        "The sale cannot make this move",
        "It is {state}.",
        "Read the sale and move it from there.",
    ),
    queue.BadToken: Row(
        401,
        "bad-token",
        "The token, key or signature is not valid",
        "This token is not one of ours.",
        "Join to get a place; with a place, ask for a pass.",
    ),
    queue.ExpiredPass: Row(
        401,
        "bad-token",
        "The token, key or signature is not valid",
        "The pass has expired.",
        "Ask for the place's status.",
    ),
    queue.WrongSale: Row(
        403, "not-allowed", "This caller may not do that", "The token is of another sale.", "Join this sale."
    ),
    queue.NotYourTurn: Row(
        409, "not-your-turn", "Not your turn", "The place is {state}.", "Ask for the place's status."
    ),
    # A hold, in the order in which the store checks.
    answers.SaleNotOpen: Row(
        409, "sale-not-open", "The sale is not open yet", "It has not begun.", "Join, and wait for the open."
    ),
    answers.SalePaused: Row(
        409, "sale-paused", "The sale is paused", "{reason}", "Keep your place and ask again.", retry_s=5
    ),
    answers.SaleClosed: Row(410, "sale-closed", "The sale is closed", "It has ended.", "Nothing to do here."),
    answers.ShowtimeReclaimed: Row(
        410,
        "sale-closed",
        "The showtime has left the sale",
        "The storefront took it back; the sale goes on without it.",
        "Choose another showtime.",
    ),
    answers.PassUsedUp: Row(
        409, "pass-used-up", "The pass has been used", "One pass, one order.", "Join again for another order."
    ),
    answers.OverLimit: Row(
        409, "over-limit", "More seats than one fan may have", "This fan may have {left} more.", "Hold fewer."
    ),
    answers.NoSuchSeats: Row(
        422, "no-such-seats", "No such seats", "The showtime has no seats {seats}.", "Read its plan."
    ),
    answers.SeatsTaken: Row(409, "seats-taken", "Seats are taken", "Not free: {seats}.", _READ_SEATS),
    answers.LeavesSingle: Row(
        409,
        "leaves-single",
        "A single seat would be left alone",
        "{single} would be left alone; {instead} would fit.",
        "Hold the seats named in `instead`, or others.",
    ),
    answers.SoldOut: Row(
        409, "sold-out", "Sold out", "No seat of that kind is left.", "Choose another category or showtime."
    ),
    answers.NoFit: Row(
        409,
        "no-fit",
        "No block of that size is free",
        "The largest free block has {largest} seats.",
        "Ask for fewer seats, another category, or `split`.",
    ),
    # Holds, orders, payments.
    answers.UnknownHold: Row(404, "unknown-hold", "No such hold", "No such hold.", "Hold seats first."),
    answers.HoldExpired: Row(
        410, "hold-expired", "The hold has ended", "The seats went back.", "Hold seats again."
    ),
    answers.UnknownOrder: Row(404, "unknown-order", "No such order", "No such order.", "Check the order id."),
    refusals.HoldPaid: Row(
        409,
        "already-paid",
        "The order is paid already",
        "Its seats stay with it.",
        "Ask the storefront for a refund.",
    ),
    answers.AlreadyPaid: Row(
        409,
        "already-paid",
        "The order is paid already",
        "This second payment is written down; unless its reference had paid another order, it goes back.",
        "Give back what /v1/refunds lists, then name it to /v1/refunds/sent.",
    ),
    refusals.PaidElsewhere: Row(
        409,
        "already-paid",
        "The order is paid already",
        "This payment came for order {other} before: it is the same money, and no more of it goes back.",
        "If it is other money, tell it again under a reference of its own.",
    ),
    answers.WrongAmount: Row(
        422,
        "wrong-amount",
        "Not the order's amount",
        "{money} are due, that is an `amount` of {amount}.",
        "Take the amount due.",
    ),
    answers.LateRefunded: Row(
        409,
        "late-refunded",
        "The money came too late",
        "The seats had gone to others; the payment goes back, unless its reference had paid another order.",
        "Give back what /v1/refunds lists, then name it to /v1/refunds/sent; seats must be held again.",
    ),
    refusals.UnknownRefund: Row(
        404,
        "unknown-refund",
        "No such refund",
        "No payment of this provider and reference is known to go back.",
        "The writer may be a moment behind the sale: send the same request again, or read /v1/refunds.",
    ),
    # The door.
    refusals.BadTicket: Row(
        422, "bad-ticket", "Not a ticket of ours", "The code is not genuine.", "Scan it again."
    ),
    refusals.UnknownTicket: Row(
        404,
        "unknown-ticket",
        "The ledger does not have this ticket",
        "The code is genuine.",
        "The writer may be a moment behind the sale: send the same request again.",
    ),
    refusals.TicketVoid: Row(
        409,
        "ticket-void",
        "The ticket does not hold any more",
        "It was refunded or exchanged; its seat may be another fan's.",
        "Let nobody in with it.",
    ),
    refusals.AlreadyCheckedIn: Row(
        409,
        "already-checked-in",
        "The ticket was checked in before",
        "Somebody came with it at {checked_in_at}.",
        "Ask who came: it may have been copied.",
    ),
    # Faults.
    refusals.StoreAway: Row(
        503,
        "store-unavailable",
        "Usher cannot decide now",
        "Nothing is known to have changed.",
        "Send the same request again.",
        retry_s=2,
    ),
    refusals.LedgerAway: Row(
        503,
        "ledger-unavailable",
        "The ledger cannot be reached",
        "Sales go on; definitions, statements, refunds and check-ins wait.",
        "Send the same request again.",
        retry_s=5,
    ),
    refusals.IdentityAway: Row(
        503,
        "identity-unavailable",
        "The storefront's keys cannot be read",
        "Its identity tokens cannot be checked now.",
        "Send the same request again.",
        retry_s=5,
    ),
    refusals.OurFault: Row(
        500, "internal-error", "A fault of ours", "It has been logged.", "Send the same request again."
    ),
}
ROWS: Final = MappingProxyType(_ROWS)
