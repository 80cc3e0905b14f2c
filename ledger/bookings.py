"""Turns what stream records say into rows: which tables get what, between which accounts money moves.

A sale moves the fan's money from the provider's clearing account to the cinema's box office and to the
platform's service fees; money to give back moves from clearing to what is owed to fans.
"""

from typing import Any, Final

import msgspec

from allocator.outbox import OrderBlob
from ledger.books import AccountKind, Books, Show
from ledger.records import GivenBack, Meaning, Owed, Sold, Unreadable, Why
from ledger.stream import Entry

AccountKey = tuple[AccountKind, str, str]
Row = tuple[Any, ...]

COLUMNS: Final = {
    "orders": (
        "token", "sale", "showtime", "fan", "entry", "seats", "gross", "fees", "amount", "currency",
        "created_ms", "confirmed_ms", "state", "shard", "version",
        "held_ms", "hold_until_ms", "together", "pay_by_ms",
    ),
    "tickets": ("token", "n", "showtime", "seat", "seat_index", "category", "amount", "live"),
    "payments": ("provider", "reference", "token", "method", "amount", "currency", "at_ms", "version"),
    "refunds": ("provider", "reference", "token", "amount", "currency", "why", "due_ms"),
    "movements": ("token", "cause", "leg", "at_ms", "debit", "credit", "amount", "currency"),
    "conflicts": ("token", "showtime", "seat", "owner", "shard", "version", "at_ms"),
    "reclaims": ("shard", "version", "showtime", "at_ms", "sold", "back"),
    "dead_letters": ("shard", "version", "kind", "body", "sum", "why", "at_ms"),
}  # fmt: skip
"""Table -> columns of its rows, in an order that satisfies the foreign keys."""


class Rows(msgspec.Struct):
    """Rows to write, by table."""

    tables: dict[str, list[Row]] = msgspec.field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, table: str, *row: Any) -> None:
        self.tables[table].append(row)


def showtime_of(meaning: Meaning) -> str | None:
    match meaning:
        case Sold() | Owed():
            return meaning.order.showtime
        case GivenBack():
            return meaning.reclaimed.showtime
        case Unreadable():
            return None


def checked(meaning: Meaning, books: Books) -> Meaning:
    """The meaning, or why it contradicts what was delegated."""
    showtime = showtime_of(meaning)
    if showtime is None:
        return meaning
    show = books.show(showtime)
    if show is None:
        return Unreadable(meaning.entry, f"unknown showtime {showtime}")
    if isinstance(meaning, Sold | Owed) and meaning.order.sale != show.sale_id:
        return Unreadable(meaning.entry, f"showtime {showtime} is not of sale {meaning.order.sale}")
    if isinstance(meaning, Sold) and meaning.order.currency != show.currency:
        return Unreadable(meaning.entry, f"showtime {showtime} is sold in {show.currency}")
    return meaning


def accounts_of(meaning: Meaning, books: Books) -> set[AccountKey]:
    """The accounts that booking it will touch."""
    if not isinstance(meaning, Sold | Owed):
        return set()
    currency = meaning.payment.currency
    clearing: AccountKey = ("clearing", meaning.payment.provider, currency)
    # A sale may turn out to be a conflict, whose money goes back.
    owed: AccountKey = ("refunds_due", "", currency)
    if isinstance(meaning, Owed):
        return {clearing, owed}
    cinema = _show(books, meaning.order).cinema
    return {clearing, owed, ("box_office", cinema, currency), ("service_fees", "", currency)}


def book(rows: Rows, meaning: Meaning, books: Books, now_ms: int) -> None:
    """Add the rows of a record that nothing stands against."""
    match meaning:
        case Sold():
            _book_order(rows, meaning, _show(books, meaning.order), "confirmed")
            _book_payment(rows, meaning)
            _book_sale(rows, meaning, books)
        case Owed():
            _book_payment(rows, meaning)
            _book_refund(rows, meaning, meaning.why, books)
        case GivenBack(entry, reclaimed):
            show = books.show(reclaimed.showtime)
            assert show is not None
            sold, back = list(reclaimed.sold), list(reclaimed.back)
            rows.add("reclaims", entry.shard, entry.version, show.serial, reclaimed.at_ms, sold, back)
        case Unreadable(entry, why):
            book_dead_letter(rows, entry, why, now_ms)


def book_reused_payment(rows: Rows, sold: Sold, books: Books) -> None:
    """An order whose payment reference is another order's: sold as told, the payment left to that one."""
    _book_order(rows, sold, _show(books, sold.order), "confirmed")
    _book_sale(rows, sold, books)


def book_conflict(
    rows: Rows, sold: Sold, owners: dict[str, str], books: Books, *, new_payment: bool, new_refund: bool
) -> None:
    """An order that comes second to a seat: it keeps none of its seats and all of its money goes back.

    `owners`: seat -> token of the order that has it. A payment, or its refund, that stands already under its
    reference is not booked again.
    """
    show, entry = _show(books, sold.order), sold.entry
    _book_order(rows, sold, show, "refunded")
    if new_payment:
        _book_payment(rows, sold)
    if new_refund:
        _book_refund(rows, sold, "conflict", books)
    for seat, owner in owners.items():
        row = (sold.order.token, show.serial, seat, owner, entry.shard, entry.version, sold.at_ms)
        rows.add("conflicts", *row)


def book_dead_letter(rows: Rows, entry: Entry, why: str, now_ms: int) -> None:
    """Keep the record whole; a NUL would be refused by the text columns."""
    kind, found = entry.kind.replace("\0", "?"), entry.sum.replace("\0", "?")
    rows.add(
        "dead_letters", entry.shard, entry.version, kind, entry.body, found, why.replace("\0", "?"), now_ms
    )


def _show(books: Books, order: OrderBlob) -> Show:
    show = books.show(order.showtime)
    assert show is not None, "a checked record has a known showtime"
    return show


def _book_order(rows: Rows, sold: Sold, show: Show, state: str) -> None:
    order, entry, hold, live = sold.order, sold.entry, sold.hold, state == "confirmed"
    rows.tables["orders"].append((
        order.token, show.sale, show.serial, order.fan, order.entry, len(order.seats),
        order.amount - order.fees, order.fees, order.amount, order.currency,
        order.created_ms, sold.at_ms, state, entry.shard, entry.version,
        hold.held_ms, hold.hold_until_ms, hold.together, hold.pay_by_ms,
    ))  # fmt: skip
    rows.tables["tickets"].extend(
        (order.token, n, show.serial, seat.seat, seat.index, seat.category, seat.amount, live)
        for n, seat in enumerate(order.seats, 1)
    )


def _book_payment(rows: Rows, meaning: Sold | Owed) -> None:
    payment, entry = meaning.payment, meaning.entry
    paid = (payment.method, payment.amount, payment.currency, meaning.at_ms, entry.version)
    rows.add("payments", payment.provider, payment.reference, meaning.order.token, *paid)


def _book_sale(rows: Rows, sold: Sold, books: Books) -> None:
    order, currency = sold.order, sold.order.currency
    clearing = books.account("clearing", sold.payment.provider, currency)
    parts = (
        (books.account("box_office", _show(books, order).cinema, currency), order.amount - order.fees),
        (books.account("service_fees", "", currency), order.fees),
    )
    for leg, (account, amount) in enumerate((part for part in parts if part[1]), 1):
        rows.add("movements", order.token, "sold", leg, sold.at_ms, clearing, account, amount, currency)


def _book_refund(rows: Rows, meaning: Sold | Owed, why: Why, books: Books) -> None:
    token, payment, at_ms = meaning.order.token, meaning.payment, meaning.at_ms
    paid = (payment.provider, payment.reference, token, payment.amount, payment.currency)
    rows.add("refunds", *paid, why, at_ms)
    if payment.amount:
        cause = f"owed/{payment.provider}/{payment.reference}"
        clearing = books.account("clearing", payment.provider, payment.currency)
        owed = books.account("refunds_due", "", payment.currency)
        rows.add("movements", token, cause, 1, at_ms, clearing, owed, payment.amount, payment.currency)
