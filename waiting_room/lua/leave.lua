-- PURPOSE  gives a place up, wherever its fan stands; a pass in the fan's hand buys nothing from now on, because the
--          room it took goes to the next one
-- KEYS     shard [sale fans called invited inside returned admissions]*
-- ARGV     now_ms batch   (decision: group, entry, fan)
-- RETURNS  NO_EPOCH
--          LEFT
--          GONE   the place was over before, or never was
-- COST     8 redis calls per decision
-- USES     gate clock log fans
-- FLAGS    allow-oom
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]
local GROUP_KEYS = 7

local closed = gate.check(shard)
if closed then
  return closed
end
now_ms = clock.now(shard, now_ms)

local function use_up(key, fan, entry)
  local shopper = fans.open(key)
  fans.load(shopper, { fan })
  fans.use_up(shopper, fan, entry)
  fans.close(shopper)
end

local function leave(sale, fans_key, called, invited, inside, returned, admissions, entry, fan)
  if entry >= tonumber(redis.call('HGET', sale, 'joined') or 0) then
    return 'GONE'
  end
  -- The bit of `called` also keeps the next ticks from inviting it.
  local waiting = redis.call('SETBIT', called, entry, 1) == 0
  local found = redis.call('ZREM', invited, entry) + redis.call('ZREM', inside, entry)
  redis.call('ZREM', returned, entry)
  if not waiting and found == 0 then
    return 'GONE'
  end
  use_up(fans_key, fan, entry)
  log.one(admissions, 'l', entry, now_ms)
  return 'LEFT'
end

local answers = {}
for i, decision in ipairs(cmsgpack.unpack(batch)) do
  local first = 2 + decision[1] * GROUP_KEYS
  local group = { unpack(KEYS, first, first + GROUP_KEYS - 1) }
  group[GROUP_KEYS + 1], group[GROUP_KEYS + 2] = decision[2], decision[3]
  answers[i] = { leave(unpack(group)) }
end
return gate.tell(shard, now_ms, answers)
