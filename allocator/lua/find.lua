-- PURPOSE  tells the records of holds and orders
-- KEYS     shard [sale fans show geometry board holds deadlines]*
-- ARGV     now_ms batch  (by columns; decision: showtime token)
-- RETURNS  NO_EPOCH      the whole call
--          UNKNOWN
--          FOUND fields  as laid out in record; what lapsed since the last sweep says so
-- COST     1 redis call, 1 more a showtime and at most 1 more a decision
-- USES     gate showtime records
-- FLAGS    no-writes
local shard = KEYS[1]
local now_ms, batch = tonumber(ARGV[1]), ARGV[2]

local closed = gate.check(shard)
if closed then
  return closed
end

local function lapsed(r)
  return r.state == 'held' and r.deadline_ms <= now_ms or r.state == 'awaiting' and r.pay_by_ms <= now_ms
end

local list, answers = showtime.open(KEYS, 2), {}
local numbers, tokens = unpack(cmsgpack.unpack(batch))
for i, token in ipairs(tokens) do
  local s = list[numbers[i] + 1]
  records.load(s, { token })
  local r = records.of(s, token)
  if not r then
    answers[i] = { 'UNKNOWN' }
  else
    local state = lapsed(r) and 'expired' or r.state
    answers[i] = {
      'FOUND', state, r.fan, r.entry, r.deadline_ms, r.created_ms, r.seats, r.together,
      r.order and r.pay_by_ms or 0, r.order and r.amount or 0, r.order and r.currency or '', r.order or '',
    }
  end
end
showtime.close(list)
return gate.tell(shard, now_ms, answers)
