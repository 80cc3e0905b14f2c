-- PURPOSE  tells the seats of a showtime as they stand, unless the caller knows this version
-- KEYS     shard show board
-- ARGV     known_version  (-1 for none)
-- RETURNS  NO_EPOCH
--          NOT_LOADED
--          SAME version state
--          SEATS version state seats  one byte per seat; lapsed holds still count as held until the next sweep
-- COST     3 redis calls
-- USES     gate
-- FLAGS    no-writes
local shard, show, board = KEYS[1], KEYS[2], KEYS[3]
local known_version = tonumber(ARGV[1])

local closed = gate.check(shard)
if closed then
  return closed
end
local stored = redis.call('HMGET', show, 'version', 'state')
local version, state = tonumber(stored[1] or nil), stored[2]
if not version then
  return cmsgpack.pack({ 'NOT_LOADED' })
elseif version == known_version then
  return cmsgpack.pack({ 'SAME', version, state })
end
return cmsgpack.pack({ 'SEATS', version, state, redis.call('GET', board) })
