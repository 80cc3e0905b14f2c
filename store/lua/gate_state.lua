-- PURPOSE  tells how a shard stands, changing nothing
-- KEYS     shard
-- ARGV     -
-- RETURNS  STATE open epoch version now_ms  (epoch 0: never opened, or lost)
-- COST     2 redis calls
-- USES     gate
-- FLAGS    no-writes
local shard = KEYS[1]

local stored = redis.call('HMGET', shard, 'epoch', 'version', 'now_ms')
local epoch, version, now_ms = tonumber(stored[1] or 0), tonumber(stored[2] or 0), tonumber(stored[3] or 0)
return cmsgpack.pack({ 'STATE', gate.is_open(shard), epoch, version, now_ms })
