-- PURPOSE  gives the seats of a hold or an unpaid order back; asking again changes nothing
-- KEYS     shard [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms batch  (by columns; decision: showtime token)
-- RETURNS  NO_EPOCH      the whole call
--          NOT_LOADED    the showtime is not on sale here
--          UNKNOWN_HOLD
--          SOLD          a paid order keeps its seats
--          RELEASED      also when they went back before
-- COST     as in decisions
-- USES     gate clock decisions overdue records
-- FLAGS    allow-oom
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]

local closed, highest = gate.check(shard)
if closed then
  return closed
end

local function decide(s, c, i, now)
  local token = c[2][i]
  local r = records.of(s, token)
  if not r then
    return { 'UNKNOWN_HOLD' }
  elseif r.state == 'confirmed' then
    return { 'SOLD' }
  elseif r.state == 'held' or r.state == 'awaiting' then
    overdue.back(s, token, r, 'released', now)
  end
  return { 'RELEASED' }
end

return decisions.run(KEYS, 2, clock.now(shard, now_ms, highest), batch, decide)
