-- PURPOSE  ends a stay whose order is confirmed, which makes room for the next fan
-- KEYS     shard [sale invited inside admissions]*
-- ARGV     now_ms batch   (decision: group, entry)
-- RETURNS  NO_EPOCH
--          FINISHED
--          GONE   it was inside no longer: ended before, or timed out while it paid
-- COST     3 redis calls per decision
-- USES     gate clock log
-- FLAGS    allow-oom
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]
local GROUP_KEYS = 4

local closed = gate.check(shard)
if closed then
  return closed
end
now_ms = clock.now(shard, now_ms)
local answers = {}
for i, decision in ipairs(cmsgpack.unpack(batch)) do
  local invited, inside, admissions = unpack(KEYS, 3 + decision[1] * GROUP_KEYS, 5 + decision[1] * GROUP_KEYS)
  local entry = decision[2]
  local found = redis.call('ZREM', inside, entry) + redis.call('ZREM', invited, entry)
  if found > 0 then
    log.one(admissions, 'd', entry, now_ms)
  end
  answers[i] = { found > 0 and 'FINISHED' or 'GONE' }
end
return gate.tell(shard, now_ms, answers)
