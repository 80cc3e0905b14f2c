"""Planted bugs of the line, the draw, the invitations and the passes."""

from typing import Final

from tests.mutation import Mutation

CLOCK: Final = "tests/test_waiting_clock.py"
FUNCTIONS: Final = "tests/test_waiting_functions.py"
ROOM: Final = "tests/test_waiting_room.py"
PRESENCE: Final = "tests/test_waiting_presence.py"
LUA: Final = "waiting_room/lua"

WAITING_ROOM: Final = (
    Mutation(
        "capacity is not checked for those inside",
        f"{LUA}/admit.lua",
        "r.capacity - redis.call('ZCARD', invited) - redis.call('ZCARD', inside))",
        "r.capacity - redis.call('ZCARD', invited))",
        (f"{CLOCK}::test_a_pause_stops_time_and_gives_it_back",),
    ),
    Mutation(
        "the line is read apart from its call: a second clock calls it again",
        f"{LUA}/admit.lua",
        "local moved = drawn ~= r.drawn or serving ~= r.serving or not none_left",
        "local moved = drawn ~= r.drawn or not none_left",
        (f"{CLOCK}::test_a_clock_that_lags_behind_skips_nobody",),
    ),
    Mutation(
        "an invitation that nobody took is kept for ever",
        f"{LUA}/admit.lua",
        "and {} or { invited, inside }) do",
        "and {} or { inside }) do",
        (f"{CLOCK}::test_a_no_show_is_replaced_at_its_deadline",),
    ),
    Mutation(
        "time runs out during a pause",
        f"{LUA}/admit.lua",
        "ipairs(r.state == 'paused' and {} or { invited, inside }) do",
        "ipairs({ invited, inside }) do",
        (f"{CLOCK}::test_a_pause_stops_time_and_gives_it_back",),
    ),
    Mutation(
        "a pause is not given back to those inside",
        f"{LUA}/move.lua",
        "  lapse.extend(inside, by_ms)\n",
        "",
        (f"{CLOCK}::test_a_pause_stops_time_and_gives_it_back",),
    ),
    Mutation(
        "an outage is not given back to the invited",
        f"{LUA}/outage.lua",
        "    lapse.extend(invited, by_ms)\n",
        "",
        (f"{CLOCK}::test_after_an_outage_the_line_waits_for_one_poll_of_everyone",),
    ),
    Mutation(
        "after an outage everybody counts as absent at once",
        f"{LUA}/outage.lua",
        "return now_ms < still_until_ms",
        "return false",
        (f"{CLOCK}::test_after_an_outage_the_line_waits_for_one_poll_of_everyone",),
    ),
    Mutation(
        "the presence of the window before is forgotten",
        f"{LUA}/admit.lua",
        "{ before, present, after }",
        "{ present, after }",
        (f"{CLOCK}::test_the_sale_opens_by_itself_and_calls_in_the_same_tick",),
    ),
    Mutation(
        "polls of a new window are not flushed anew",
        "waiting_room/presence.py",
        "            self.forget()\n            self._window = window\n",
        "            self._window = window\n",
        (f"{PRESENCE}::test_one_flush_a_window",),
    ),
    Mutation(
        "a poll that the store has not got yet is dropped",
        "waiting_room/presence.py",
        "return [mark for mark, _ in zip(self.pending.items(), range(MARKS_PER_CALL_MAX), strict=False)]",
        "return [self.pending.popitem() for _ in range(min(len(self.pending), MARKS_PER_CALL_MAX))]",
        (f"{PRESENCE}::test_one_flush_a_window",),
    ),
    Mutation(
        "who comes back after the call is not called again",
        f"{LUA}/mark.lua",
        "if rank < serving then",
        "if rank > serving then",
        (f"{CLOCK}::test_the_absent_are_passed_and_come_first_when_they_are_back",),
    ),
    Mutation(
        "polls from before the open are believed after it",
        f"{LUA}/mark.lua",
        "if drawn ~= drawn_now then",
        "if drawn > drawn_now then",
        (f"{PRESENCE}::test_a_poll_on_both_sides_of_the_open_counts_with_its_rank",),
    ),
    Mutation(
        "the line moves one rank past the last one called",
        f"{LUA}/line.lua",
        "return chosen, first + i - 2",
        "return chosen, first + i - 1",
        (f"{CLOCK}::test_who_buys_or_leaves_makes_room_at_the_next_tick",),
    ),
    Mutation(
        "who left while waiting is called",
        f"{LUA}/presence.lua",
        "words[places[n]] = done == 1 and 'called' or 'present'",
        "words[places[n]] = 'present'",
        (f"{CLOCK}::test_one_who_left_while_waiting_is_not_called",),
    ),
    Mutation(
        "one account has two places once the crowd has grown",
        f"{LUA}/account.lua",
        "for level = 1, level_of(joined) do",
        "for level = level_of(joined), level_of(joined) do",
        (f"{ROOM}::test_accounts_are_found_as_the_crowd_grows",),
    ),
    Mutation(
        "one account has two places while it shops",
        f"{LUA}/account.lua",
        "not redis.call('ZSCORE', invited, entry) and not redis.call('ZSCORE', inside, entry)",
        "not redis.call('ZSCORE', invited, entry)",
        (f"{ROOM}::test_an_account_that_bought_may_join_again_at_the_end",),
    ),
    Mutation(
        "an invitation is taken after its time",
        f"{LUA}/claim.lua",
        "if not claim_by_ms or claim_by_ms <= now_ms then",
        "if not claim_by_ms then",
        (f"{FUNCTIONS}::test_claim",),
    ),
    Mutation(
        "a claim leaves the invitation behind: one fan takes two rooms",
        f"{LUA}/claim.lua",
        "  redis.call('ZREM', invited, entry)\n",
        "",
        (f"{CLOCK}::test_a_no_show_is_replaced_at_its_deadline",),
    ),
    Mutation(
        "a pass given up still buys",
        f"{LUA}/leave.lua",
        "  use_up(fans_key, fan, entry)\n  log.one",
        "  log.one",
        (f"{ROOM}::test_a_pass_given_up_is_used_up_in_the_same_call",),
    ),
    Mutation(
        "the seed is told before the open",
        "waiting_room/pulse.py",
        "seed=sale.seed if sale.draw and opened else None",
        "seed=sale.seed if sale.draw else None",
        (f"{ROOM}::test_the_pulse_promises_the_draw_and_then_proves_it",),
    ),
    Mutation(
        "the seed of an open sale can be changed",
        f"{LUA}/put_sale.lua",
        "if state == 'scheduled' then",
        "if state ~= 'closed' then",
        (f"{FUNCTIONS}::test_put_changes_only_what_may_change_after_the_open",),
    ),
)
