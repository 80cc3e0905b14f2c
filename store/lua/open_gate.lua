-- PURPOSE  opens the gate of a shard whose outbox stands at the version the caller compared with the ledger
-- KEYS     shard
-- ARGV     now_ms expected_version
-- RETURNS  ALREADY epoch    it was open
--          DIFFERS version  the outbox stands elsewhere; nothing changed
--          OPENED epoch     higher than any before, also than those of a store that was lost: at least the second
--                           of the opening
-- COST     6 redis calls
-- USES     gate clock
local shard = KEYS[1]
local now_ms, expected_version = tonumber(ARGV[1]), tonumber(ARGV[2])

if gate.is_open(shard) then
  return cmsgpack.pack({ 'ALREADY', tonumber(redis.call('HGET', shard, 'epoch')) })
end
local version = tonumber(redis.call('HGET', shard, 'version') or 0)
if version ~= expected_version then
  return cmsgpack.pack({ 'DIFFERS', version })
end
now_ms = clock.now(shard, now_ms)
local epoch = math.max(tonumber(redis.call('HGET', shard, 'epoch') or 0) + 1, math.floor(now_ms / 1000))
redis.call('HSET', shard, 'epoch', string.format('%.0f', epoch))
gate.open(shard, epoch)
return cmsgpack.pack({ 'OPENED', epoch })
