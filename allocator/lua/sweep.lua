-- PURPOSE  gives back what lapsed although nobody asks for seats
-- KEYS     shard [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms
-- RETURNS  NO_EPOCH
--          SWEPT holds  that lapsed, unpaid orders among them
-- COST     as in overdue, and 1 redis call a showtime
-- USES     gate clock showtime overdue
-- FLAGS    allow-oom
local shard = KEYS[1]
local now_ms = tonumber(ARGV[1])

local closed, highest = gate.check(shard)
if closed then
  return closed
end

local list = showtime.open(KEYS, 2, nil, true)
now_ms = clock.now(shard, now_ms, highest)
local lapsed = overdue.all(list, now_ms)
showtime.close(list)
return gate.tell(shard, now_ms, { 'SWEPT', lapsed })
