-- PURPOSE  opens the gate of a shard whose outbox stands at the version the caller compared with the ledger
-- KEYS     shard
-- ARGV     now_ms expected_version
-- RETURNS  ALREADY epoch    it was open
--          DIFFERS version  the outbox stands elsewhere; nothing changed
--          OPENED epoch     epoch is one higher than before
-- COST     5 redis calls
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
clock.now(shard, now_ms)
local epoch = redis.call('HINCRBY', shard, 'epoch', 1)
gate.open(shard, epoch)
return cmsgpack.pack({ 'OPENED', epoch })
