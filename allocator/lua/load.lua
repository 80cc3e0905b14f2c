-- PURPOSE  puts a showtime on sale; the same definition again changes nothing
-- KEYS     shard sale show plan seats_key holds deadlines
-- ARGV     now_ms definition orphans blob seats  (definition: digest of all that must not change; blob: the compiled
--          plan; seats: one byte per seat)
-- RETURNS  NO_EPOCH
--          REPLAYED version         it is on sale so already
--          ALREADY_ON_SALE version  with another definition, and its sale has left `scheduled`
--          LOADED version
-- COST     8 redis calls
-- USES     gate memory
local shard, sale, show, plan, seats_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local holds, deadlines = KEYS[6], KEYS[7]
local definition, orphans, blob, seats = ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local closed, now_ms = gate.check(shard)
if closed then
  return closed
end

local stored = redis.call('HMGET', show, 'version', 'definition', 'plan')
local version, state = tonumber(stored[1] or 0), redis.call('HGET', sale, 'state') or 'scheduled'
local same = stored[2] == definition
if same and stored[3] == plan then
  return gate.tell(shard, now_ms, { 'REPLAYED', version })
elseif stored[2] and not same and state ~= 'scheduled' then
  return gate.tell(shard, now_ms, { 'ALREADY_ON_SALE', version })
elseif not same then
  redis.call('DEL', holds, deadlines)
  redis.call('SET', seats_key, seats)
  version = version + 1
end
-- The same seats on a plan that another release compiled anew stand as they are.
memory.drop(seats_key)
redis.call('SET', plan, blob)
redis.call('HSET', show, 'definition', definition, 'plan', plan, 'version', version, 'orphans', orphans)
redis.call('HSETNX', show, 'state', 'on_sale')
return gate.tell(shard, now_ms, { same and 'REPLAYED' or 'LOADED', version })
