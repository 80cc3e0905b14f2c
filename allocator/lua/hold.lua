-- PURPOSE  holds seats for fans: those picked, or the best n, each decision on its own
-- KEYS     shard [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms batch  (by columns; decision: showtime token fan entry terms seats; terms: the text `hold_ms staff n
--          from to split`, for the best n of the categories from..to; seats: indices, false for the best ones; staff
--          need not mind the single seat)
-- RETURNS  NO_EPOCH                        the whole call
--          NOT_LOADED                      the showtime is not on sale here
--          REPLAYED seats until together   the token was used before: the first answer
--          SALE_NOT_OPEN
--          SALE_PAUSED reason
--          SALE_CLOSED                     also when the showtime was reclaimed
--          PASS_USED_UP
--          OVER_LIMIT left
--          NO_SUCH_SEATS numbers           places in the request
--          TAKEN seats
--          LEAVES_SINGLE seat instead
--          SOLD_OUT
--          NO_FIT largest version
--          HELD seats until together
-- COST     as in decisions; a decision looks at the next few blocks of a ranking
-- USES     gate clock decisions sale_rules choice showtime fans records record packed terms best board
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]

local closed, highest = gate.check(shard)
if closed then
  return closed
end

-- The seats as msgpack and whether they are one block; they are held by then. Else nil and the refusal.
local function take(s, t, wish)
  local first = not wish and best.block(showtime.board(s), t.zone, t.n, s.orphans ~= 'off')
  if first then
    board.paint(s.board, first, first + t.n - 1, 'h')
    s.version = s.version + 1
    return packed.block(s.board.geometry, first, t.n), true
  end
  local seats, told
  if wish then
    seats, told = choice.picked(s, wish, s.orphans == 'strict' and not t.staff)
  else
    seats, told = choice.apart(s, t)
  end
  if seats then
    showtime.change(s, seats, 'h')
    return cmsgpack.pack(seats), told or false
  end
  return nil, told
end

local function decide(s, c, i, now)
  local token, fan, entry, t = c[2][i], c[3][i], c[4][i], terms.of(c[5][i])
  local old = records.of(s, token)
  if old then
    return { 'REPLAYED', old.seats, old.deadline_ms, old.together }
  end
  local refusal = sale_rules.refusal(s, fan, entry, t.n)
  if refusal then
    return refusal
  end
  local seats, told = take(s, t, c[6][i])
  if not seats then
    return told
  end
  local until_ms = now + t.hold_ms
  fans.add(s.fans, fan, t.n)
  records.add(s, token, record.held(fan, entry, until_ms, now, seats, told), until_ms)
  return '\148\164' .. 'HELD' .. seats .. packed.number(until_ms) .. (told and '\195' or '\194')
end

local function owner(_, c, i)
  return c[3][i]
end

return decisions.run(KEYS, 2, clock.now(shard, now_ms, highest), batch, decide, owner, 3)
