-- PURPOSE  time of a shard that never runs backwards, whatever the callers' clocks do
-- PROVIDES now
-- `highest` is the shard's time as the gate has read it, if it has.
local function now(shard, now_ms, highest)
  highest = highest or tonumber(redis.call('HGET', shard, 'now_ms') or 0)
  if now_ms <= highest then
    return highest
  end
  -- %.0f, because tostring would round a time in ms to 14 digits.
  redis.call('HSET', shard, 'now_ms', string.format('%.0f', now_ms))
  return now_ms
end

return { now = now }
