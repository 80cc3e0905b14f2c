-- PURPOSE  the gate: a shard decides only while the epoch in its hash is the one opened in this server's
--          memory; a restart, a flush, a failover or a reload of the library closes it by itself. Its answers say
--          which turn of the shard they were: the epoch, and how many turns it had since
-- PROVIDES open check is_open openings version reply tell
local opened, count = {}, 0
local epochs, turns = {}, {}

-- Called after the epoch was raised in the shard's hash.
local function open(shard, epoch)
  opened[shard], count = string.format('%.0f', epoch), count + 1
  epochs[shard], turns[shard] = epoch, 0
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

-- Epoch, turn and time of this call as its reply will tell them, packed one behind the other.
local function version(shard, at_ms)
  return cmsgpack.pack(epochs[shard], turns[shard] + 1, at_ms)
end

-- What a call that passed the gate answers, packed: [epoch, turn, the shard's time, answers]. Turns are counted in
-- memory: with the epoch, which only grows, they order all decisions of the shard, and cost no redis call.
local function reply(shard, at_ms, answers)
  local turn = turns[shard] + 1
  turns[shard] = turn
  return struct.pack('>BBI4BI8BI8', 148, 206, epochs[shard], 207, turn, 207, at_ms) .. answers
end

local function tell(shard, at_ms, answer)
  return reply(shard, at_ms, cmsgpack.pack(answer))
end

return {
  open = open, check = check, is_open = is_open, openings = openings, version = version, reply = reply, tell = tell,
}
