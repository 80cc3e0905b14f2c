"""Planted bugs of seats, holds, orders and payments."""

from typing import Final

from tests.mutation import Mutation

HOLD: Final = "tests/test_allocator_hold.py"
ORDER: Final = "tests/test_allocator_order.py"
SHOWTIME: Final = "tests/test_allocator_showtime.py"
MEMORY: Final = "tests/test_allocator_memory.py"
BEST: Final = "tests/test_allocator_best.py"
LUA: Final = "allocator/lua"

HOLDS: Final = (
    Mutation(
        "the limit per fan lets one seat more pass",
        f"{LUA}/sale_rules.lua",
        "if n > left then",
        "if n > left + 1 then",
        (f"{HOLD}::test_refusals",),
    ),
    Mutation(
        "the limit per fan is not checked for who has seats already",
        f"{LUA}/hold.lua",
        "if number ~= 0 or n > s.plenty then",
        "if n > s.plenty then",
        (f"{HOLD}::test_one_batch_keeps_the_limit",),
    ),
    Mutation(
        "the limit per fan counts each showtime apart",
        f"{LUA}/showtime.lua",
        "sales[keys[i + 1]] = sales[keys[i + 1]] or fans.open(keys[i + 1])",
        "sales[keys[i + 1]] = fans.open(keys[i + 1])",
        (f"{HOLD}::test_one_batch_keeps_the_limit",),
    ),
    Mutation(
        "a paused sale gives seats to who has none yet",
        f"{LUA}/sale_rules.lua",
        "return sale.state == 'open' and s.state ~= 'reclaimed' and sale.seats_per_fan or -1",
        "return sale.state ~= 'closed' and s.state ~= 'reclaimed' and sale.seats_per_fan or -1",
        (f"{HOLD}::test_refusals",),
    ),
    Mutation(
        "a reclaimed showtime gives seats to who has none yet",
        f"{LUA}/sale_rules.lua",
        "return sale.state == 'open' and s.state ~= 'reclaimed' and sale.seats_per_fan or -1",
        "return sale.state == 'open' and sale.seats_per_fan or -1",
        (f"{SHOWTIME}::test_reclaim",),
    ),
    Mutation(
        "a held seat that somebody picks counts as free",
        f"{LUA}/choice.lua",
        "elseif letter ~= '.' then",
        "elseif letter == 's' or letter == 'b' or letter == 'x' then",
        (f"{HOLD}::test_one_batch_one_seat_one_owner",),
    ),
    Mutation(
        "a seat picked twice is given twice",
        f"{LUA}/choice.lua",
        "    seen[index] = true\n",
        "",
        (f"{HOLD}::test_refusals",),
    ),
    Mutation(
        "a hold asked again is held again",
        f"{LUA}/hold.lua",
        "local old = where[token] and records.of(s, token)",
        "local old = where[token] == true and records.of(s, token)",
        (f"{HOLD}::test_one_batch_repeats_a_token",),
    ),
    Mutation(
        "holds of one call all lapse with the last of them",
        f"{LUA}/hold.lua",
        "math.min(s.due_ms or math.huge, now + hold_ms)",
        "math.max(s.due_ms or 0, now + hold_ms)",
        (f"{MEMORY}::test_holds_of_one_call_lapse_each_at_its_time",),
    ),
    Mutation(
        "what was refused is kept with what was held",
        f"{LUA}/bundle.lua",
        "if count < #c[2] then",
        "if count == 0 then",
        (f"{MEMORY}::test_what_was_refused_is_not_kept_with_what_was_held",),
    ),
    Mutation(
        "the best block leaves a lone seat before it",
        f"{LUA}/cursors.lua",
        "    free[first - 1] ~= 0 and free[first - 2] == 0 or free[last + 1]",
        "    free[last + 1]",
        (f"{BEST}::test_best_is_the_nearest_of_its_class",),
    ),
    Mutation(
        "blocks across the edge of seats that came back are not seen again",
        f"{LUA}/cursors.lua",
        "for start = first - c.n - 1, last + 2 do",
        "for start = first, last do",
        ("tests/test_allocator_model.py",),
    ),
    Mutation(
        "a block that no longer leaves a lone seat is not seen again",
        f"{LUA}/seating.lua",
        "  if n == 1 then\n    cursors.lone(b, first)\n  end\n",
        "",
        (f"{BEST}::test_decisions_of_one_batch_choose_as_if_they_came_one_by_one",),
    ),
    Mutation(
        "the last changed row of a call is not written back",
        f"{LUA}/board_write.lua",
        "for r = from, high[band] do",
        "for r = from, high[band] - 1 do",
        (f"{HOLD}::test_held",),
    ),
    Mutation(
        "the memory of a hall is believed after another gate opened",
        f"{LUA}/memory.lua",
        " or m.opening ~= gate.openings() then",
        " then",
        (f"{MEMORY}::test_a_gate_that_was_closed_and_opened_again",),
    ),
    Mutation(
        "the memory of a hall is believed at another version",
        f"{LUA}/memory.lua",
        "if not m or m.version ~= version or m.opening",
        "if not m or m.opening",
        (f"{MEMORY}::test_a_version_that_another_hand_wrote",),
    ),
    Mutation(
        "the memory of a hall outlives a call that broke off",
        f"{LUA}/memory.lua",
        "  m.version = false\n",
        "",
        (f"{MEMORY}::test_a_call_that_broke_off_halfway",),
    ),
    Mutation(
        "a hall that is asked for is forgotten with the others",
        f"{LUA}/memory.lua",
        "if not m and older[key] then",
        "if not m and older == key then",
        (f"{MEMORY}::test_a_hall_is_remembered_while_it_is_asked_for_and_then_forgotten",),
    ),
    Mutation(
        "a hall that nobody asks for is remembered for ever",
        f"{LUA}/memory.lua",
        "if looks > LOOKS_MAX or",
        "if looks < 0 or",
        (f"{MEMORY}::test_a_hall_is_remembered_while_it_is_asked_for_and_then_forgotten",),
    ),
    Mutation(
        "a hall is remembered because it is swept",
        f"{LUA}/sweep.lua",
        "showtime.open(KEYS, 2, nil, true)",
        "showtime.open(KEYS, 2)",
        (f"{MEMORY}::test_a_hall_is_remembered_while_it_is_asked_for_and_then_forgotten",),
    ),
    Mutation(
        "a record that moved on is found in its old bundle",
        f"{LUA}/index.lua",
        "if not where[token] then",
        "if token then",
        (f"{MEMORY}::test_holds_are_found_again_by_a_memory_that_is_new",),
    ),
)

LAPSES: Final = (
    Mutation(
        "the sweep forgets to give the seats back",
        f"{LUA}/overdue.lua",
        "  showtime.change(s, r.seats, '.')\n",
        "",
        (f"{SHOWTIME}::test_the_sweep_gives_back_what_lapsed",),
    ),
    Mutation(
        "lapsed seats still count against the limit",
        f"{LUA}/overdue.lua",
        "  fans.add(s.fans, r.fan, -#r.seats)\n",
        "",
        (f"{SHOWTIME}::test_the_sweep_gives_back_what_lapsed",),
    ),
    Mutation(
        "the pass of a lapsed order stays used up",
        f"{LUA}/overdue.lua",
        "  fans.give_back(s.fans, r.fan, r.state == 'awaiting' and r.entry)\n",
        "",
        (f"{ORDER}::test_order",),
    ),
    Mutation(
        "an order lapses at the deadline of its hold",
        f"{LUA}/order.lua",
        "records.put(s, token, r, r.pay_by_ms)",
        "records.put(s, token, r, r.deadline_ms)",
        (f"{SHOWTIME}::test_the_sweep_gives_back_what_lapsed",),
    ),
    Mutation(
        "a record is forgotten while its money may still come",
        f"{LUA}/record.lua",
        "(r.order and KEPT_ORDER_MS or KEPT_HOLD_MS)",
        "KEPT_HOLD_MS",
        (f"{SHOWTIME}::test_old_records_are_forgotten",),
    ),
    Mutation(
        "a reclaim takes the seats of orders that await their money",
        f"{LUA}/reclaim.lua",
        "if r and r.state == 'held' then",
        "if r and (r.state == 'held' or r.state == 'awaiting') then",
        (f"{SHOWTIME}::test_reclaim",),
    ),
    Mutation(
        "a release frees a sold seat",
        f"{LUA}/release.lua",
        "    return { 'SOLD' }\n  elseif r.state == 'held' or",
        "    overdue.back(s, token, r, 'released', now)\n  elseif r.state == 'held' or",
        (f"{ORDER}::test_release",),
    ),
    Mutation(
        "a release asked again gives seats back again",
        f"{LUA}/release.lua",
        "elseif r.state == 'held' or r.state == 'awaiting' then",
        "else",
        (f"{ORDER}::test_release",),
    ),
)

ORDERS: Final = (
    Mutation(
        "one pass has two orders",
        f"{LUA}/order.lua",
        "  fans.use(s.fans, r.fan, r.entry)\n",
        "",
        (f"{ORDER}::test_order",),
    ),
    Mutation(
        "a pass is used twice",
        f"{LUA}/confirm.lua",
        "  fans.use_up(s.fans, r.fan, r.entry)\n",
        "",
        (f"{ORDER}::test_late_money_buys_one_order_a_pass",),
    ),
    Mutation(
        "a late payment buys a taken seat",
        f"{LUA}/paid.lua",
        "if board.at(showtime.board(s), index) ~= '.' then",
        "if board.at(showtime.board(s), index) == 's' then",
        (f"{ORDER}::test_confirm",),
    ),
    Mutation(
        "a late payment passes the limit and the pass",
        f"{LUA}/paid.lua",
        " or sale_rules.over(s, r.fan, r.entry, #r.seats) then",
        " then",
        (f"{ORDER}::test_late_money_buys_one_order_a_pass",),
    ),
    Mutation(
        "the amount paid is not compared",
        f"{LUA}/confirm.lua",
        "elseif amount ~= r.amount or currency ~= r.currency then",
        "elseif currency ~= r.currency then",
        (f"{ORDER}::test_confirm",),
    ),
    Mutation(
        "a second payment told again is owed again",
        f"{LUA}/confirm.lua",
        "if payment[1] == reference then",
        "if payment[1] == reference and payment[2] == 'CONFIRMED' then",
        (f"{ORDER}::test_a_payment_told_again_writes_nothing",),
    ),
    Mutation(
        "a payment is answered but not remembered",
        f"{LUA}/confirm.lua",
        "  r.payments[#r.payments + 1] = { reference, word, version }\n",
        "",
        (f"{ORDER}::test_a_payment_told_again_writes_nothing",),
    ),
    Mutation(
        "the checksum of a record leaves its version out",
        f"{LUA}/event.lua",
        "redis.sha1hex(version .. ':' .. kind .. ':' .. body)",
        "redis.sha1hex(kind .. ':' .. body)",
        (f"{ORDER}::test_the_outbox_is_contiguous_and_checked",),
    ),
)

ALLOCATOR: Final = (*HOLDS, *LAPSES, *ORDERS)
