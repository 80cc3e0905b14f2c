-- PURPOSE  writes the rules of a sale; once it has opened, only what may still change
-- KEYS     shard sale admissions
-- ARGV     now_ms opens_at_ms draw capacity shopping_ms claim_ms presence_ms seats_per_fan seed
--          (draw 1 or 0; capacity in shoppers; seed 64 hex digits, told to nobody before the open)
-- RETURNS  NO_EPOCH
--          PUT state
-- COST     7 redis calls
-- USES     gate clock log
local shard, sale, admissions = KEYS[1], KEYS[2], KEYS[3]
local now_ms, opens_at_ms, draw, capacity = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local shopping_ms, claim_ms, presence_ms, seats_per_fan, seed = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]

local closed = gate.check(shard)
if closed then
  return closed
end
now_ms = clock.now(shard, now_ms)
local known = redis.call('HMGET', sale, 'state', 'capacity')
local state = known[1] or 'scheduled'
redis.call('HSET', sale, 'state', state, 'capacity', capacity, 'shopping_ms', shopping_ms, 'claim_ms', claim_ms)
if state == 'scheduled' then
  redis.call('HSET', sale, 'opens_at_ms', opens_at_ms, 'draw', draw, 'presence_ms', presence_ms,
    'seats_per_fan', seats_per_fan, 'seed', seed)
end
if known[2] ~= capacity then
  log.one(admissions, 'c', tonumber(capacity), now_ms)
end
return gate.tell(shard, now_ms, { 'PUT', state })
