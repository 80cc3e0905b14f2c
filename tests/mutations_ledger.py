"""Planted bugs of the writer, of the gate that compares, and of the settlement."""

from typing import Final

from tests.mutation import Mutation

WRITER: Final = "tests/test_ledger_writer.py"
AHEAD: Final = "tests/test_ledger_ahead.py"
FAULTS: Final = "tests/test_ledger_faults.py"
GATE: Final = "tests/test_ledger_gate.py"

LEDGER: Final = (
    Mutation(
        "acknowledged before the commit: the stream is trimmed first",
        "ledger/shard_writer.py",
        "                cursor = await batch.write(self._pool, cursor)\n",
        "                await self._stream.trim(batch.version)\n"
        "                cursor = await batch.write(self._pool, cursor)\n",
        (f"{FAULTS}::test_the_stream_is_never_trimmed_ahead_of_the_cursor",),
    ),
    Mutation(
        "the stream is trimmed one record too far",
        "ledger/stream.py",
        '"MINID", f"{version}-0"',
        '"MINID", f"{version + 1}-0"',
        (f"{FAULTS}::test_the_stream_is_never_trimmed_ahead_of_the_cursor",),
    ),
    Mutation(
        "the cursor moves in a transaction of its own",
        "ledger/batch.py",
        "                async with db.transaction():\n"
        "                    await advance(db, cursor, self._after)\n"
        "                    await self._copy(db, self._rows, self._meanings)\n",
        "                await advance(db, cursor, self._after)\n"
        "                async with db.transaction():\n"
        "                    await self._copy(db, self._rows, self._meanings)\n",
        (f"{WRITER}::test_an_order_that_comes_second_to_a_seat_keeps_nothing_and_gets_its_money_back",),
    ),
    Mutation(
        "rows are written whoever has moved the cursor",
        "ledger/sql/cursors.sql",
        "WHERE cursors.version = $2::bigint\n",
        "WHERE $2::bigint >= 0\n",
        (f"{WRITER}::test_a_batch_of_a_writer_that_lost_its_shard_writes_nothing",),
    ),
    Mutation(
        "two writers take one shard",
        "ledger/sql/lease.sql",
        "SELECT pg_try_advisory_lock($1, $2);",
        "SELECT pg_try_advisory_lock_shared($1, $2);",
        (f"{FAULTS}::test_two_writers_never_write_one_shard_and_a_dead_ones_shard_is_taken_over",),
    ),
    Mutation(
        "a version gap is skipped",
        "ledger/shard_writer.py",
        "if entry.version != version + 1 + at:",
        "if entry.version < version + 1 + at:",
        (f"{FAULTS}::test_contiguous",),
    ),
    Mutation(
        "a gap within a read is passed over",
        "ledger/shard_writer.py",
        "fitting = contiguous(version, found)\n",
        "fitting = found if found[:1] == contiguous(version, found)[:1] else []\n",
        (f"{AHEAD}::test_a_gap_stops_the_shard_wherever_in_a_read_it_comes",),
    ),
    Mutation(
        "a stream emptied before it was read is no gap",
        "ledger/shard_writer.py",
        "if newest > cursor.version and not await",
        "if newest < cursor.version and not await",
        (f"{WRITER}::test_a_stream_emptied_before_it_was_read_is_a_gap",),
    ),
    Mutation(
        "the checksum of a record is not compared",
        "ledger/stream.py",
        "return checksum(self.version, self.kind, self.body) == self.sum",
        "return len(checksum(self.version, self.kind, self.body)) == len(self.sum)",
        (f"{WRITER}::test_a_record_whose_checksum_differs_is_poison",),
    ),
    Mutation(
        "an order that comes second to a seat keeps it",
        "ledger/bookings.py",
        '_book_order(rows, sold, show, "refunded")',
        '_book_order(rows, sold, show, "confirmed")',
        (f"{WRITER}::test_an_order_that_comes_second_to_a_seat_keeps_nothing_and_gets_its_money_back",),
    ),
    Mutation(
        "one refused record takes its batch with it",
        "ledger/batch.py",
        "            if len(meanings) == 1:\n",
        "            if meanings:\n",
        (f"{WRITER}::test_an_order_that_comes_second_to_a_seat_keeps_nothing_and_gets_its_money_back",),
    ),
    Mutation(
        "the writer does not wait for replicas",
        "ledger/shard_writer.py",
        "            await self._stream.settle()\n",
        "            pass\n",
        (f"{FAULTS}::test_what_no_replica_has_is_not_written",),
    ),
    Mutation(
        "what a failover undoes counts as settled",
        "store/connection.py",
        '                await self._replicas.master_of(key)("PING")\n',
        "                self._replicas.master_of(key)\n",
        ("tests/test_store_replicas.py::test_nothing_is_acknowledged_without_a_replica",),
    ),
    Mutation(
        "a store one record behind the ledger sells",
        "ledger/gate.py",
        "if version < cursor.version:",
        "if version < cursor.version - 1:",
        (f"{GATE}::test_contradiction",),
    ),
    Mutation(
        "a store with another story than the ledger's sells",
        "ledger/gate.py",
        "if sum_at_cursor is not None and sum_at_cursor != cursor.sum:",
        "if sum_at_cursor is not None and not cursor.sum:",
        (f"{GATE}::test_contradiction",),
    ),
    Mutation(
        "a lost showtime is not missed",
        "ledger/gate.py",
        "        wanted |= {one: keys.show(shard, one) for one in showtimes}\n",
        "",
        (f"{GATE}::test_a_gate_opens_only_on_what_the_ledger_has_seen",),
    ),
    Mutation(
        "both of two doors let a copied ticket in",
        "ledger/sql/check_in.sql",
        "    FOR NO KEY UPDATE OF k\n",
        "",
        ("tests/test_api_check_ins.py::test_of_two_doors_at_once_one_hears_that_the_ticket_was_used",),
    ),
    Mutation(
        "a repeated check-in is taken for a copy",
        "ledger/sql/check_in.sql",
        "coalesce(found.check_in = $5, false)",
        "found.check_in <> $5",
        ("tests/test_api_check_ins.py::test_a_repeat_is_no_copy_even_when_the_answer_was_forgotten",),
    ),
    Mutation(
        "money told twice at once as given back is booked twice",
        "ledger/sql/refunds.sql",
        " FOR NO KEY UPDATE\n",
        "\n",
        ("tests/test_api_refunds.py::test_two_that_tell_it_at_once_are_told_the_same",),
    ),
    Mutation(
        "money given back is owed once more",
        "ledger/sql/refunds.sql",
        "m.credit, m.debit",
        "m.debit, m.credit",
        ("tests/test_api_refunds.py::test_money_too_late_is_owed_until_it_is_told_as_given_back",),
    ),
    Mutation(
        "half a cent of a share is lost",
        "ledger/settlement.py",
        "(2 * amount * rate_bp + WHOLE_BP) // (2 * WHOLE_BP)",
        "(2 * amount * rate_bp) // (2 * WHOLE_BP)",
        ("tests/test_ledger_settlement.py",),
    ),
)
