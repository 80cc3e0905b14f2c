-- PURPOSE  the open of a sale: fixes how many entries are in the draw, which reveals the seed; answers that number
-- PROVIDES open
-- USES     log
-- COST     3 redis calls
local function open(sale, admissions, now_ms)
  local known = redis.call('HMGET', sale, 'draw', 'joined')
  local drawn = known[1] == '1' and tonumber(known[2] or 0) or 0
  redis.call('HSET', sale, 'state', 'open', 'drawn', drawn, 'reason', '')
  log.one(admissions, 'o', drawn, now_ms)
  return drawn
end

return { open = open }
