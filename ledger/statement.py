"""The settlement statement: what a cinema has coming for one business day, by film and format.

Everything is computed from the ledger's rows and the contracts when asked for; nothing is kept, so the same
question about the same rows has the same answer. Each ticket is split by itself (`settlement.split`).
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from ledger.business_day import business_day, widest_span_ms
from ledger.contracts import Basis, Contract, applying, contracts_for
from ledger.pool import Db
from ledger.queries import many, value
from ledger.settlement import split


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of one film and format; amounts in minor units of `currency`.

    `gross`: ticket money of all tickets issued; `refunds`: of those refunded; `fees`: service fees kept,
    outside the box office. `settled`: money of the tickets that count by the contract's `basis`;
    `box_office`: the same with the agreed price where that is higher; `net_due`: `settled` less `fund`, `vat`
    and `producer_share`, which the platform hands to those they are owed to.
    """

    film: str
    format: str
    currency: str
    basis: Basis
    tickets: int = 0
    refunded: int = 0
    attended: int = 0
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    settled: int = 0
    box_office: int = 0
    fund: int = 0
    vat: int = 0
    cinema_share: int = 0
    producer_share: int = 0
    net_due: int = 0


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """`totals`: one line per currency and basis, whose film and format are empty."""

    cinema: str
    day: date
    lines: tuple[Line, ...]
    totals: tuple[Line, ...]


class ShowtimeRow(msgspec.Struct, frozen=True):
    serial: int
    film: str
    format: str
    currency: str
    starts_at_ms: int
    time_zone: str


class TicketSum(msgspec.Struct, frozen=True):
    """Tickets of a showtime sold at `amount`."""

    showtime: int
    amount: int
    issued: int
    refunded: int
    attended: int


class FeeSum(msgspec.Struct, frozen=True):
    showtime: int
    fees: int


COUNTED: Final = tuple(
    name for name in Line.__struct_fields__ if name not in ("film", "format", "currency", "basis")
)


async def statement(db: Db, cinema: str, day: date) -> Statement:
    """The statement of a cinema for a business day; without showtimes no lines. Raises NoContract."""
    from_ms, to_ms = widest_span_ms(day)
    shows = [
        show
        for show in await cinema_showtimes(db, cinema, from_ms, to_ms)
        if business_day(show.starts_at_ms, show.time_zone) == day
    ]
    serials = [show.serial for show in shows]
    sums, fees = await ticket_sums(db, serials), await fee_sums(db, serials)
    contracts = await contracts_for(db, cinema, day)
    by_serial = {show.serial: show for show in shows}
    terms = {show.serial: applying(contracts, cinema, show.film, show.format, day) for show in shows}
    lines = added(
        [
            *(ticket_line(by_serial[one.showtime], one, terms[one.showtime]) for one in sums),
            *(fee_line(by_serial[one.showtime], one, terms[one.showtime]) for one in fees),
        ]
    )
    return Statement(cinema=cinema, day=day, lines=lines, totals=totals(lines))


def ticket_line(show: ShowtimeRow, sums: TicketSum, contract: Contract) -> Line:
    """The tickets of one showtime and price: one ticket's split, times those that count."""
    counted = sums.attended if contract.basis == "attended" else sums.issued - sums.refunded
    one = split(sums.amount, contract.terms())
    return Line(
        film=show.film,
        format=show.format,
        currency=show.currency,
        basis=contract.basis,
        tickets=sums.issued,
        refunded=sums.refunded,
        attended=sums.attended,
        gross=sums.issued * sums.amount,
        refunds=sums.refunded * sums.amount,
        settled=counted * sums.amount,
        box_office=counted * one.box_office,
        fund=counted * one.fund,
        vat=counted * one.vat,
        cinema_share=counted * one.cinema,
        producer_share=counted * one.producer,
        net_due=counted * (sums.amount - one.fund - one.vat - one.producer),
    )


def fee_line(show: ShowtimeRow, sums: FeeSum, contract: Contract) -> Line:
    """The service fees of one showtime."""
    return Line(
        film=show.film, format=show.format, currency=show.currency, basis=contract.basis, fees=sums.fees
    )


def totals(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One line per currency and basis."""
    return added(msgspec.structs.replace(line, film="", format="") for line in lines)


def added(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One line per film, format, currency and basis, in that order, with everything counted added up."""
    sums: dict[tuple[str, str, str, str], Line] = {}
    for line in lines:
        key = (line.film, line.format, line.currency, line.basis)
        known = sums.get(key)
        if known is None:
            sums[key] = line
            continue
        more = {name: getattr(known, name) + getattr(line, name) for name in COUNTED}
        sums[key] = msgspec.structs.replace(known, **more)
    return tuple(sums[key] for key in sorted(sums))


def as_csv(given: Statement) -> str:
    """The lines as CSV (RFC 4180) with a header; amounts are whole minor units."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("cinema", "day", *Line.__struct_fields__))
    for line in given.lines:
        values = (getattr(line, name) for name in Line.__struct_fields__)
        writer.writerow((given.cinema, given.day.isoformat(), *values))
    return text.getvalue()


async def cinema_known(db: Db, cinema: str) -> bool:
    return await value(db, "cinema_known", bool, cinema)


async def cinema_showtimes(db: Db, cinema: str, from_ms: int, to_ms: int) -> list[ShowtimeRow]:
    return await many(db, "cinema_showtimes", ShowtimeRow, cinema, from_ms, to_ms)


async def ticket_sums(db: Db, showtimes: list[int]) -> list[TicketSum]:
    return await many(db, "ticket_sums", TicketSum, showtimes)


async def fee_sums(db: Db, showtimes: list[int]) -> list[FeeSum]:
    return await many(db, "fee_sums", FeeSum, showtimes)
