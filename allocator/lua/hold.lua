-- PURPOSE  holds seats for fans: those picked, or the best n, each decision on its own
-- KEYS     shard [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms batch  (decision: showtime token fan entry hold_ms staff seats n from to split; seats are indices,
--          empty for the best n of the categories from..to; staff need not mind the single seat)
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
-- COST     as in decisions; a decision looks at one segment of the hall, at most at all that are long enough
-- USES     gate clock decisions sale_rules choice showtime fans records
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]

local closed = gate.check(shard)
if closed then
  return closed
end

local function decide(s, decision, now)
  local _, token, fan, entry, hold_ms, staff, wish, n, from, to, split = unpack(decision)
  local old = s.records[token]
  if old then
    return { 'REPLAYED', old.seats, old.deadline_ms, old.together }
  end
  local refusal = sale_rules.refusal(s, fan, entry, n)
  if refusal then
    return refusal
  end
  local seats, told
  if #wish > 0 then
    seats, told = choice.picked(s, wish, s.orphans == 'strict' and not staff)
  else
    seats, told = choice.best(s, n, from, to, split)
  end
  if not seats then
    return told
  end
  local until_ms = now + hold_ms
  showtime.change(s, seats, 'h')
  fans.add(s.fans, fan, n)
  records.put(s, token, {
    state = 'held', fan = fan, entry = entry, deadline_ms = until_ms, created_ms = now, seats = seats, together = told,
  }, until_ms)
  return { 'HELD', seats, until_ms, told }
end

local function owner(_, decision)
  return decision[3]
end

return decisions.run(KEYS, 2, clock.now(shard, now_ms), batch, decide, owner)
