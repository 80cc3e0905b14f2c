-- PURPOSE  a verb for tests: adds to a total, never above a limit, once per request
-- KEYS     shard [total]*
-- ARGV     now_ms batch  (decision = [group, request, amount, limit])
-- RETURNS  NO_EPOCH
--          REPLAYED total  counted before
--          FULL total      it would pass the limit; nothing changed
--          COUNTED total
-- COST     5 redis calls a decision
-- USES     gate clock
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]

local refusal = gate.check(shard)
if refusal then
  return refusal
end
clock.now(shard, now_ms)

local totals = { unpack(KEYS, 2) }

local function decide(decision)
  local group, request, amount, limit = unpack(decision)
  local key = totals[group + 1]
  local total = tonumber(redis.call('HGET', key, 'total') or 0)
  if redis.call('HEXISTS', key, request) == 1 then
    return { 'REPLAYED', total }
  elseif total + amount > limit then
    return { 'FULL', total }
  end
  redis.call('HSET', key, request, amount)
  return { 'COUNTED', redis.call('HINCRBY', key, 'total', amount) }
end

local answers = {}
for i, decision in ipairs(cmsgpack.unpack(batch)) do
  answers[i] = decide(decision)
end
return gate.tell(shard, now_ms, answers)
