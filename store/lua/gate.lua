-- PURPOSE  the gate: a shard decides only while the epoch in its hash is the one opened in this server's
--          memory; a restart, a flush, a failover or a reload of the library closes it by itself
-- PROVIDES open check is_open
local opened = {}

-- Called after the epoch was raised in the shard's hash.
local function open(shard, epoch)
  opened[shard] = tostring(epoch)
end

local function is_open(shard)
  local epoch = redis.call('HGET', shard, 'epoch')
  return epoch ~= false and opened[shard] == epoch
end

-- The packed refusal of the whole call, or nil when the shard may decide.
local function check(shard)
  if not is_open(shard) then
    return cmsgpack.pack({ 'NO_EPOCH' })
  end
end

return { open = open, check = check, is_open = is_open }
