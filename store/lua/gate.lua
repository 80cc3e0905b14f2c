-- PURPOSE  the gate: a shard decides only while the epoch in its hash is the one opened in this server's
--          memory; a restart, a flush, a failover or a reload of the library closes it by itself
-- PROVIDES open check is_open openings
local opened, count = {}, 0

-- Called after the epoch was raised in the shard's hash.
local function open(shard, epoch)
  opened[shard], count = tostring(epoch), count + 1
end

-- How many gates were opened so far: what was remembered of the store before the latest may be of another one.
local function openings()
  return count
end

local function is_open(shard)
  local epoch = redis.call('HGET', shard, 'epoch')
  return epoch ~= false and opened[shard] == epoch
end

-- The packed refusal of the whole call, or nil when the shard may decide; then also its highest time, read on the way.
local function check(shard)
  local stored = redis.call('HMGET', shard, 'epoch', 'now_ms')
  if not stored[1] or opened[shard] ~= stored[1] then
    return cmsgpack.pack({ 'NO_EPOCH' })
  end
  return nil, tonumber(stored[2] or 0)
end

return { open = open, check = check, is_open = is_open, openings = openings }
