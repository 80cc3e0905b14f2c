"""Statements on a real Postgres: which tickets count for which day, and what a cinema has coming."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from allocator.outbox import PricedSeat, checksum
from ledger import alarms, contracts, counts, orders
from ledger.batch import Batch
from ledger.books import Books
from ledger.business_day import business_day, widest_span_ms
from ledger.contracts import Contract
from ledger.cursors import Cursor, find_cursor
from ledger.pool import Pool
from ledger.statement import Line, as_csv, statement
from ledger.stream import Entry
from tests.ledger_stream import PAID_MS, confirmed, delegate, order, showtime

DAY = date(2026, 9, 22)
SHARD = 7


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("starts_at_utc", "time_zone", "day"),
    [
        ("2026-09-21T21:59:59", "Asia/Shanghai", "2026-09-21"),
        ("2026-09-21T22:00:00", "Asia/Shanghai", "2026-09-22"),
        ("2026-09-22T16:00:00", "Asia/Shanghai", "2026-09-22"),  # the midnight premiere
        ("2026-09-22T21:59:59", "Asia/Shanghai", "2026-09-22"),
        ("2026-09-22T22:00:00", "Asia/Shanghai", "2026-09-23"),
        ("2026-09-22T09:59:59", "America/New_York", "2026-09-21"),
        ("2026-09-22T10:00:00", "America/New_York", "2026-09-22"),
        # Clocks go back in Berlin on 25 October: 06:00 local is 05:00 UTC from then on, 04:00 before.
        ("2026-10-25T04:59:59", "Europe/Berlin", "2026-10-24"),
        ("2026-10-25T05:00:00", "Europe/Berlin", "2026-10-25"),
        ("2026-10-24T04:00:00", "Europe/Berlin", "2026-10-24"),
    ],
)  # fmt: skip
def test_business_day(starts_at_utc: str, time_zone: str, day: str) -> None:
    starts_at_ms = at(starts_at_utc)
    assert business_day(starts_at_ms, time_zone) == date.fromisoformat(day)
    from_ms, to_ms = widest_span_ms(date.fromisoformat(day))
    assert from_ms <= starts_at_ms < to_ms


async def write(pool: Pool, *records: tuple[str, bytes]) -> None:
    """Write records as the next ones of a shard."""
    cursor = await find_cursor(pool, SHARD) or Cursor(SHARD, 0, "", 0)
    entries = [
        Entry(SHARD, version, kind, body, checksum(version, kind, body))
        for version, (kind, body) in enumerate(records, cursor.version + 1)
    ]
    await Batch(Books(), entries, PAID_MS).write(pool, cursor)


@pytest.fixture
async def sold(pool: Pool) -> None:
    """Dawn: 3 tickets of 50.00 and one of 39.90 with 3.00 fees each, in two showtimes; Dusk the next day."""
    night, noon = at("2026-09-22T16:00:00"), at("2026-09-22T04:00:00")
    await delegate(
        pool,
        showtime("show-1", starts_at_ms=night),
        showtime("show-2", starts_at_ms=noon, prices={"front": 3990}),
        showtime("show-3", starts_at_ms=at("2026-09-22T22:00:00"), film="Dusk"),
        showtime("show-4", starts_at_ms=noon, cinema="Odeon"),
    )
    cheap = order(3, 0, showtime="show-2", seats=(PricedSeat(0, "A-1", "front", 3990),), amount=3990 + 300)
    await write(
        pool,
        confirmed(order(1, 1, 2)),
        confirmed(order(2, 3)),
        confirmed(cheap),
        confirmed(order(4, showtime="show-3")),
        confirmed(order(5, showtime="show-4")),
        # Second to seat 3: refunded at once.
        confirmed(order(6, 3)),
    )
    assert await alarms.dead_letters(pool) == []


@pytest.mark.usefixtures("sold")
async def test_statement_of_a_day(pool: Pool) -> None:
    given = await statement(pool, "Palace", DAY)
    # 3 x (5000: fund 250, VAT 165, cinema 2613, producer 1972) + (3990: 200, 132, 2085, 1573).
    expected = Line(
        film="Dawn", format="2D", currency="CNY", basis="issued",
        tickets=5, refunded=1, attended=0, gross=4 * 5000 + 3990, refunds=5000, fees=4 * 300,
        settled=18990, box_office=18990, fund=3 * 250 + 200, vat=3 * 165 + 132,
        cinema_share=3 * 2613 + 2085, producer_share=3 * 1972 + 1573, net_due=3 * 2613 + 2085,
    )  # fmt: skip
    assert given.lines == (expected,)
    assert given.totals == (msgspec.structs.replace(expected, film="", format=""),)
    assert expected.box_office == sum(
        (expected.fund, expected.vat, expected.cinema_share, expected.producer_share)
    )
    assert msgspec.json.decode(msgspec.json.encode(given))["day"] == "2026-09-22"


@pytest.mark.usefixtures("sold")
async def test_statements_of_other_days_and_cinemas_are_their_own(pool: Pool) -> None:
    assert [line.film for line in (await statement(pool, "Palace", date(2026, 9, 23))).lines] == ["Dusk"]
    assert (await statement(pool, "Palace", date(2026, 9, 21))).lines == ()
    assert [line.tickets for line in (await statement(pool, "Odeon", DAY)).lines] == [1]
    assert (await statement(pool, "Nowhere", DAY)).lines == ()


@pytest.mark.usefixtures("sold")
async def test_statement_as_csv(pool: Pool) -> None:
    head, line, end = as_csv(await statement(pool, "Palace", DAY)).split("\r\n")
    assert head.startswith(
        "cinema,day,film,format,currency,basis,tickets,refunded,attended,gross,refunds,fees"
    )
    assert line == (
        "Palace,2026-09-22,Dawn,2D,CNY,issued,5,1,0,23990,5000,1200,18990,18990,950,627,9924,7489,9924"
    )
    assert end == ""


@pytest.mark.usefixtures("sold")
async def test_contracts_change_the_statement_of_their_days(pool: Pool) -> None:
    floor = Contract(
        cinema="Palace", film="Dawn", format=None, valid_from=date(2026, 9, 22),
        fund_bp=0, vat_bp=0, cinema_bp=5000, agreed_price=6000, basis="attended",
    )  # fmt: skip
    await contracts.put(pool, floor)
    await contracts.put(pool, floor)
    assert len(await contracts.all_contracts(pool)) == 2
    (line,) = (await statement(pool, "Palace", DAY)).lines
    assert (line.basis, line.settled, line.net_due) == ("attended", 0, 0)
    await pool.execute("UPDATE tickets SET checked_in_ms = 1 WHERE token = $1", order(1).token)
    (line,) = (await statement(pool, "Palace", DAY)).lines
    # Two tickets of 5000 came to the door, settled at 6000 each: the producer has 3000 of each.
    assert (line.attended, line.settled, line.box_office) == (2, 10_000, 12_000)
    assert (line.cinema_share, line.producer_share, line.net_due) == (6000, 6000, 4000)
    other = await statement(pool, "Palace", date(2026, 9, 23))
    assert [line.basis for line in other.lines] == ["issued"]


@pytest.mark.usefixtures("sold")
async def test_counts_of_a_sale(pool: Pool) -> None:
    assert await counts.of_sale(pool, "premiere") == counts.SaleCounts(6, 5, 6, 5 * 5000 + 3990 + 6 * 300)
    assert await counts.of_sale(pool, "unknown") == counts.SaleCounts(0, 0, 0, 0)
    serial = await pool.fetchval("SELECT serial FROM showtimes WHERE id = 'show-1'")
    assert [one.seat_index for one in await orders.sold_seats(pool, serial)] == [1, 2, 3]
