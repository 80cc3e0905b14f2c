"""Planted bugs of the gate, the clocks, the batches and the engines."""

from typing import Final

from tests.mutation import Mutation

CONNECTION: Final = "tests/test_store_connection.py"
BATCHER: Final = "tests/test_store_batcher.py"
VERSION: Final = "tests/test_store_version.py"
CLOCK: Final = "tests/test_store_clock.py"
ENGINES: Final = "tests/test_usher_engines.py"
KEPT: Final = "tests/test_store_kept.py"
ONCE: Final = "tests/test_api_idempotency.py"

STORE: Final = (
    Mutation(
        "a missed epoch: the gate does not look",
        "store/lua/gate.lua",
        "if not stored[1] or opened[shard] ~= stored[1] then",
        "if not stored[1] then",
        ("tests/test_allocator_showtime.py::test_nothing_is_loaded_or_read_behind_a_closed_gate",),
    ),
    Mutation(
        "a gate opens on a store that was set back",
        "store/lua/open_gate.lua",
        "if version ~= expected_version then",
        "if version > expected_version then",
        (f"{CONNECTION}::test_what_the_gate_answers",),
    ),
    Mutation(
        "an emptied store counts its epochs from one again",
        "store/lua/open_gate.lua",
        "math.max(tonumber(redis.call('HGET', shard, 'epoch') or 0) + 1, math.floor(now_ms / 1000))",
        "tonumber(redis.call('HGET', shard, 'epoch') or 0) + 1",
        (f"{VERSION}::test_no_fault_sets_the_order_back",),
    ),
    Mutation(
        "two calls of a shard say the same turn",
        "store/lua/gate.lua",
        "local turn = turns[shard] + 1",
        "local turn = turns[shard]",
        (f"{VERSION}::test_turns_follow_each_other",),
    ),
    Mutation(
        "the clock of a shard runs backwards",
        "store/lua/clock.lua",
        "if now_ms <= highest then",
        "if now_ms == highest then",
        (f"{CONNECTION}::test_time_never_runs_backwards",),
    ),
    Mutation(
        "a process follows the store's clock backwards",
        "store/clock.py",
        "if self._sampled is not None:",
        "if self._sampled is None:",
        (f"{CLOCK}::test_what_the_clock_tells", f"{CLOCK}::test_a_clock_that_is_ahead_comes_back_slowly"),
    ),
    Mutation(
        "a process that starts after a step back lives in the past of the others",
        "store/connection.py",
        "                self.clock.reach(int(told))\n",
        "                int(told)\n",
        (f"{CLOCK}::test_a_process_that_starts_after_a_step_back_is_where_the_others_are",),
    ),
    Mutation(
        "the batch is answered in another order",
        "store/batcher.py",
        "zip(batch, answers, strict=True)",
        "zip(batch, reversed(answers), strict=True)",
        (f"{BATCHER}::test_one_turn_of_the_loop_is_one_call",),
    ),
    Mutation(
        "all of a batch is decided for the first showtime",
        "store/batcher.py",
        "groups.setdefault(group, len(groups))",
        "min(0, groups.setdefault(group, len(groups)))",
        (f"{BATCHER}::test_groups_of_one_batch_keep_apart",),
    ),
    Mutation(
        "a full lane takes one more and one more",
        "store/batcher.py",
        "if len(self._waiting) >= self._limits.queue_max:",
        "if len(self._waiting) < 0:",
        (f"{BATCHER}::test_a_full_lane_refuses_at_once",),
    ),
    Mutation(
        "a closed lane forgets who waits for it",
        "store/batcher.py",
        "        self._refuse_waiting()  # A pump",
        "        # A pump",
        (f"{BATCHER}::test_a_lane_that_is_closed_before_its_call_begins",),
    ),
    Mutation(
        "many wait for one call",
        "store/batcher.py",
        "in_flight < len(WAITING_MIN)",
        "in_flight < 1",
        (f"{BATCHER}::test_more_calls_go_out_beside_the_first_when_many_wait",),
    ),
    Mutation(
        "a payment's key stays behind",
        "allocator/lua/confirm.lua",
        "batch, decide, asked)",
        "batch, decide)",
        (f"{ONCE}::test_a_payment_is_told_again_whatever_became_of_it",),
    ),
    Mutation(
        "an unknown outcome is answered as refused",
        "store/connection.py",
        "if refusal_of(error) is not Refusal.UNKNOWN_OUTCOME:",
        "if refusal_of(error) is not None:",
        (f"{BATCHER}::test_an_unknown_outcome_is_asked_again_once",),
    ),
    Mutation(
        "a retry without a request id",
        "api/holds.py",
        "once.request if once else secrets.token_hex(10)",
        "secrets.token_hex(10)",
        (f"{ONCE}::test_the_effect_happens_once_even_when_the_answer_was_lost",),
    ),
    Mutation(
        "a key is believed whatever it asks for",
        "store/lua/kept.lua",
        "if stored and string.sub(stored, 1, DIGEST_BYTES) ~= a.digest then",
        "if stored and not a.digest then",
        (f"{KEPT}::test_another_body_decides_nothing[valkey]",),
    ),
    Mutation(
        "what did nothing is kept for a day",
        "store/lua/kept.lua",
        "if a and not PASSING[word] then",
        "if a then",
        (f"{KEPT}::test_a_refusal_is_kept_and_not_what_did_nothing[valkey]",),
    ),
    Mutation(
        "a kept answer has the version of a later turn",
        "store/lua/gate.lua",
        "cmsgpack.pack(epochs[shard], turns[shard] + 1, at_ms)",
        "cmsgpack.pack(epochs[shard], turns[shard] + 2, at_ms)",
        (f"{KEPT}::test_the_first_answer_and_its_version",),
    ),
    Mutation(
        "a repeat is refused where its pass has run out",
        "api/holds.py",
        "answer = await rooms.allocator.held_before(onsale, token, lambda: wanted(body, onsale), once)",
        "answer = None",
        (f"{ONCE}::test_a_repeat_has_its_answer_also_when_nothing_new_would_be_given",),
    ),
    Mutation(
        "a repeated join tells how its old place stands by now",
        "waiting_room/waiting_room.py",
        "if once is not None:\n                    answer = await",
        "if once is None:\n                    answer = await",
        ("tests/test_waiting_join.py::test_a_repeat_is_told_what_the_place_was_then",),
    ),
    Mutation(
        "replicas are not waited for",
        "store/replicas.py",
        "if local < 1 or remote < self.count:",
        "if local < 1:",
        ("tests/test_store_replicas.py::test_nothing_is_acknowledged_without_a_replica",),
    ),
    Mutation(
        "appendfsync everysec",
        "usher/valkey_engine.py",
        '"appendfsync": "always"',
        '"appendfsync": "everysec"',
        (f"{ENGINES}::test_what_valkey_acknowledged_survives_a_kill",),
    ),
    Mutation(
        "no fsync while the journal is written anew",
        "usher/valkey_engine.py",
        '"no-appendfsync-on-rewrite": "no"',
        '"no-appendfsync-on-rewrite": "yes"',
        (f"{ENGINES}::test_what_valkey_acknowledged_survives_a_kill",),
    ),
    Mutation(
        "a store without memory left forgets sold seats",
        "usher/valkey_engine.py",
        '"maxmemory-policy": "noeviction"',
        '"maxmemory-policy": "allkeys-lru"',
        (f"{ENGINES}::test_what_valkey_acknowledged_survives_a_kill",),
    ),
    Mutation(
        "the ledger commits before its disk has it",
        "usher/postgres_engine.py",
        '"on" if self._fsync else "off"',
        '"off" if self._fsync else "on"',
        (f"{ENGINES}::test_what_postgres_acknowledged_survives_a_kill",),
    ),
)
