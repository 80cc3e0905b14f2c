-- PURPOSE  turns an invitation into a stay inside; one who is inside is told the same end again
-- KEYS     shard [sale invited inside admissions]*
-- ARGV     now_ms batch   (decision: group, entry)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          INSIDE ends_ms shopping_ms    claimed before
--          SALE_CLOSED
--          SALE_PAUSED reason
--          NOT_YOUR_TURN
--          ADMITTED ends_ms shopping_ms  ends_ms on a whole second
-- COST     5 redis calls per decision
-- USES     gate clock rules log lapse
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]
local GROUP_KEYS = 4

local closed = gate.check(shard)
if closed then
  return closed
end
now_ms = clock.now(shard, now_ms)
local sales = {}

local function claim(sale, invited, inside, admissions, entry)
  sales[sale] = sales[sale] or rules.of(sale)
  local r = sales[sale]
  if not r then
    return { 'UNKNOWN_SALE' }
  end
  -- During a pause deadlines stand still; whoever is inside stays so.
  local frozen = r.state == 'paused'
  local ends_ms = tonumber(redis.call('ZSCORE', inside, entry) or nil)
  if ends_ms and (frozen or ends_ms > now_ms) then
    return { 'INSIDE', ends_ms, r.shopping_ms }
  elseif r.state == 'closed' then
    return { 'SALE_CLOSED' }
  elseif frozen then
    return { 'SALE_PAUSED', r.reason }
  end
  local claim_by_ms = tonumber(redis.call('ZSCORE', invited, entry) or nil)
  if not claim_by_ms or claim_by_ms <= now_ms then
    return { 'NOT_YOUR_TURN' }
  end
  ends_ms = lapse.whole_seconds(now_ms + r.shopping_ms)
  redis.call('ZREM', invited, entry)
  redis.call('ZADD', inside, ends_ms, entry)
  log.one(admissions, 'a', entry, now_ms, ends_ms - now_ms)
  return { 'ADMITTED', ends_ms, r.shopping_ms }
end

local answers = {}
for i, decision in ipairs(cmsgpack.unpack(batch)) do
  local sale, invited, inside, admissions = unpack(KEYS, 2 + decision[1] * GROUP_KEYS, 5 + decision[1] * GROUP_KEYS)
  answers[i] = claim(sale, invited, inside, admissions, decision[2])
end
return gate.tell(shard, now_ms, answers)
