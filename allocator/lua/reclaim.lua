-- PURPOSE  ends the selling of a showtime: plain holds go back at once, unpaid orders keep their seats until they
--          lapse; asked again it tells how things stand by then
-- KEYS     shard outbox [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms showtime_id
-- RETURNS  NO_EPOCH
--          NOT_LOADED
--          RECLAIMED sold awaiting back  seats
-- COST     each seat and each record once
-- USES     gate clock showtime overdue records board event
-- FLAGS    allow-oom
local shard, outbox = KEYS[1], KEYS[2]
local now_ms, showtime_id = tonumber(ARGV[1]), ARGV[2]

local closed, highest = gate.check(shard)
if closed then
  return closed
end
local now, list = clock.now(shard, now_ms, highest), showtime.open(KEYS, 3)
local s = list[1]
if not s.version then
  return gate.tell(shard, now, { 'NOT_LOADED' })
end

overdue.all(list, now)
local tokens = records.named(s, redis.call('ZRANGE', s.deadlines_key, 0, -1))
for _, token in ipairs(tokens) do
  local r = records.of(s, token)
  if r and r.state == 'held' then
    overdue.back(s, token, r, 'released', now)
  end
end

local seats = { ['.'] = {}, h = {}, s = {} }
local b = showtime.board(s)
for index = 0, b.geometry.seats - 1 do
  local mine = seats[board.at(b, index)]
  if mine then
    mine[#mine + 1] = index
  end
end
local sold, awaiting, back = seats.s, seats.h, seats['.']
showtime.close(list)
local told = redis.call('HGET', s.show_key, 'told')
if s.state ~= 'reclaimed' or told ~= tostring(s.version) then
  redis.call('HSET', s.show_key, 'state', 'reclaimed', 'told', s.version)
  event.append(shard, outbox, 'reclaimed', cmsgpack.pack({ now, showtime_id, sold, back }))
end
return gate.tell(shard, now, { 'RECLAIMED', sold, awaiting, back })
