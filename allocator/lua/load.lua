-- PURPOSE  puts a showtime on sale; the same definition again changes nothing
-- KEYS     shard sale show plan seats_key holds deadlines
-- ARGV     now_ms definition orphans blob seats  (definition: digest of all that must not change; blob: the compiled
--          plan; seats: one byte per seat)
-- RETURNS  NO_EPOCH
--          REPLAYED version         it is on sale so already
--          ALREADY_ON_SALE version  with another definition, and its sale has left `scheduled`
--          LOADED version
-- COST     11 redis calls; each seat once
-- USES     gate geometry fit
local shard, sale, show, plan, seats_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local holds, deadlines = KEYS[6], KEYS[7]
local definition, orphans, blob, seats = ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local closed = gate.check(shard)
if closed then
  return closed
end

local function letters(g, text)
  local list = {}
  for k = 1, g.segments do
    local r = g.seg_run[k]
    local run = string.sub(text, g.run_first[r], g.run_first[r] + g.run_length[r] - 1)
    list[k] = string.char(fit.letter(run, g.seg_from[k], g.seg_to[k], g.seg_whole[k]))
  end
  return table.concat(list)
end

local stored = redis.call('HMGET', show, 'version', 'definition', 'plan', 'segments')
local version, scheduled = tonumber(stored[1] or 0), redis.call('HGET', sale, 'state') or 'scheduled'
local same = stored[2] == definition
if same and stored[3] == plan then
  return cmsgpack.pack({ 'REPLAYED', version })
elseif stored[2] and not same and scheduled ~= 'scheduled' then
  return cmsgpack.pack({ 'ALREADY_ON_SALE', version })
elseif same then
  -- The plan was compiled anew by another release: its letters are other ones, the seats stand as they are.
  seats = redis.call('GETRANGE', seats_key, stored[4], -1)
else
  redis.call('DEL', holds, deadlines)
  version = version + 1
end
redis.call('SET', plan, blob)
local g = geometry.of(plan)
redis.call('SET', seats_key, letters(g, seats) .. seats)
redis.call('HSET', show, 'definition', definition, 'plan', plan, 'segments', g.segments, 'version', version)
redis.call('HSET', show, 'orphans', orphans)
redis.call('HSETNX', show, 'state', 'on_sale')
return cmsgpack.pack({ same and 'REPLAYED' or 'LOADED', version })
