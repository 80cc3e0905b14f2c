-- PURPOSE  makes a hold an order that awaits its payment, with a deadline of its own; one pass has one order at a time
-- KEYS     shard [sale fans show geometry board holds deadlines]*  (then those of kept)
-- ARGV     now_ms batch asked  (asked: see kept; by columns; decision: showtime token pay_ms amount currency order
--          deadline_ms; of the hold as the caller knows it, false when it has just been read)
-- RETURNS  NO_EPOCH              the whole call
--          MISMATCH              the key is that of another request
--          KEPT epoch turn at_ms place answer
--          NOT_LOADED            the showtime is not on sale here
--          REPLAYED pay_by order it is an order already: the first answer
--          UNKNOWN_HOLD
--          EXPIRED               or released
--          GIVEN_ANEW            another hold has this token, and other seats, since the store was rebuilt
--          PASS_USED_UP          by another order, paid or awaiting its payment
--          ORDERED pay_by order
-- COST     as in decisions
-- USES     gate clock decisions records fans
local shard = KEYS[1]
local now_ms, batch, asked = tonumber(ARGV[1]), ARGV[2], ARGV[3]

local closed, highest = gate.check(shard)
if closed then
  return closed
end

local function decide(s, c, i, now)
  local token, pay_ms, amount, currency, order, deadline_ms = c[2][i], c[3][i], c[4][i], c[5][i], c[6][i], c[7][i]
  local r = records.of(s, token)
  if not r then
    return { 'UNKNOWN_HOLD' }
  elseif r.order then
    return { 'REPLAYED', r.pay_by_ms, r.order }
  elseif r.state ~= 'held' then
    return { 'EXPIRED' }
  elseif deadline_ms and deadline_ms ~= r.deadline_ms then
    return { 'GIVEN_ANEW' }
  elseif fans.used_up(s.fans, r.fan, r.entry) then
    return { 'PASS_USED_UP' }
  end
  fans.use(s.fans, r.fan, r.entry)
  r.state, r.pay_by_ms = 'awaiting', now + pay_ms
  r.amount, r.currency, r.order, r.payments = amount, currency, order, {}
  records.put(s, token, r, r.pay_by_ms)
  return { 'ORDERED', r.pay_by_ms, order }
end

return decisions.run(KEYS, 2, clock.now(shard, now_ms, highest), batch, decide, asked)
