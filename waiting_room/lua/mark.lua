-- PURPOSE  notes that fans have polled; those whose rank was called while they were absent come next
-- KEYS     shard sale called returned admissions presence
-- ARGV     now_ms drawn ttl_ms marks   (drawn as the caller knows it, -1 before the open; ttl_ms of the window;
--          marks: entry u32, rank u32, big-endian, at most 1000; rank all ones while nobody can know it)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          STALE drawn   the sale has opened since: nothing is noted, because a rank that is missing could hide
--                        that it was called
--          MARKED returned
-- COST     9 redis calls, 2 more per fan that came back
-- USES     gate clock bits log
local shard, sale, called, returned, admissions, presence = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local now_ms, drawn, ttl_ms, marks = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local MARK_BYTES = 8

local closed = gate.check(shard)
if closed then
  return closed
end
local known = redis.call('HMGET', sale, 'state', 'joined', 'serving', 'drawn')
local joined, serving, drawn_now = tonumber(known[2] or 0), tonumber(known[3] or 0), tonumber(known[4] or -1)
if not known[1] then
  return gate.tell(shard, now_ms, { 'UNKNOWN_SALE' })
end
if drawn ~= drawn_now then
  return gate.tell(shard, now_ms, { 'STALE', drawn_now })
end
now_ms = clock.now(shard, now_ms)

local present, late, ranks = {}, {}, {}
for at = 1, #marks, MARK_BYTES do
  local entry, rank = struct.unpack('>I4I4', marks, at)
  if entry < joined then
    present[#present + 1] = entry
    if rank < serving then
      late[#late + 1], ranks[#late + 1] = entry, rank
    end
  end
end
if #present > 0 then
  bits.mark(presence, present, joined, ttl_ms)
end
local records = {}
if #late > 0 then
  for i, done in ipairs(bits.read(called, late)) do
    if done == 0 and redis.call('ZADD', returned, 'NX', ranks[i], late[i]) == 1 then
      records[#records + 1] = log.record('r', late[i], now_ms)
    end
  end
end
log.write(admissions, records)
return gate.tell(shard, now_ms, { 'MARKED', #records })
