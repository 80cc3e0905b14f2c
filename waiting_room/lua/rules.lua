-- PURPOSE  the fields of a sale's hash as numbers
-- PROVIDES of
-- COST     1 redis call
local function of(sale)
  local known = redis.call('HMGET', sale, 'state', 'reason', 'opens_at_ms', 'capacity', 'shopping_ms', 'claim_ms',
    'presence_ms', 'joined', 'serving', 'drawn', 'ticked_ms', 'still_until_ms', 'base')
  return known[1] and {
    state = known[1], reason = known[2] or '', opens_at_ms = tonumber(known[3]), capacity = tonumber(known[4]),
    shopping_ms = tonumber(known[5]), claim_ms = tonumber(known[6]), presence_ms = tonumber(known[7]),
    joined = tonumber(known[8] or 0), serving = tonumber(known[9] or 0),
    drawn = tonumber(known[10] or -1), -- -1: not opened yet
    ticked_ms = tonumber(known[11] or nil), still_until_ms = tonumber(known[12] or 0),
    base = tonumber(known[13] or 0), -- where entries go on after a rebuild of the store
  }
end

return { of = of }
