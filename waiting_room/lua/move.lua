-- PURPOSE  opens, pauses, resumes or closes a sale; the same move again changes nothing
-- KEYS     shard sale invited inside admissions
-- ARGV     now_ms verb reason   (verb open, pause, resume or close; reason as fans will read it)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          STANDS state       it was so already
--          MOVED state        as asked
--          CANNOT_MOVE state  that move does not start from this state
-- COST     6 redis calls, 7 to open; resume also 1 per 1000 shoppers invited or inside
-- USES     gate clock log lapse opening
local shard, sale, invited, inside, admissions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now_ms, verb, reason = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local TARGET = { open = 'open', pause = 'paused', resume = 'open', close = 'closed' }
local ALLOWED = {
  scheduled = { open = true, close = true },
  open = { pause = true, close = true },
  paused = { resume = true, close = true },
  closed = {},
}

local closed = gate.check(shard)
if closed then
  return closed
end
local known = redis.call('HMGET', sale, 'state', 'paused_ms')
local state, paused_ms = known[1], tonumber(known[2] or 0)
if not state then
  return gate.tell(shard, now_ms, { 'UNKNOWN_SALE' })
end
if state == TARGET[verb] then
  return gate.tell(shard, now_ms, { 'STANDS', state })
end
if not ALLOWED[state][verb] then
  return gate.tell(shard, now_ms, { 'CANNOT_MOVE', state })
end

now_ms = clock.now(shard, now_ms)
if verb == 'open' then
  opening.open(sale, admissions, now_ms)
elseif verb == 'pause' then
  redis.call('HSET', sale, 'state', 'paused', 'reason', reason, 'paused_ms', now_ms)
  log.one(admissions, 'p', 0, now_ms)
elseif verb == 'resume' then
  -- Nothing lapses during a pause, and the time it took is given back.
  local by_ms = lapse.whole_seconds(now_ms - paused_ms)
  lapse.extend(invited, by_ms)
  lapse.extend(inside, by_ms)
  redis.call('HSET', sale, 'state', 'open', 'reason', '')
  log.one(admissions, 'x', 0, now_ms, by_ms)
else
  redis.call('HSET', sale, 'state', 'closed', 'reason', reason)
  log.one(admissions, 'z', 0, now_ms)
end
return gate.tell(shard, now_ms, { 'MOVED', TARGET[verb] })
