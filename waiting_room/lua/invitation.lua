-- PURPOSE  invites fans whose room was counted in the same call
-- PROVIDES send
-- USES     bits log
-- COST     1 redis call, and 1 per 1000 invited
-- At most 3000 of them: 2000 of the line and 1000 who came back. Adds their records.
local function send(invited, called, chosen, records, now_ms, claim_ms)
  local args = {}
  for i, entry in ipairs(chosen) do
    args[2 * i - 1], args[2 * i] = now_ms + claim_ms, entry
    records[#records + 1] = log.record('i', entry, now_ms, claim_ms)
  end
  if #chosen > 0 then
    redis.call('ZADD', invited, unpack(args))
    bits.set(called, chosen)
  end
end

return { send = send }
