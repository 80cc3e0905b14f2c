-- PURPOSE  what a mirror of the line has not seen yet, changing nothing
-- KEYS     shard sale admissions returned
-- ARGV     offset   (bytes of the admissions log that the mirror knows)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          VIEW epoch now_ms state reason serving joined drawn capacity length base back
--               (drawn -1 before the open; length of the log in bytes; base: the first entry since the store was
--               rebuilt; back: earlier fans who came back and wait; a second bulk string follows: the log's next
--               bytes from offset on, at most 65535, whole records)
-- COST     5 redis calls, 6 after a rebuild
-- USES     gate rules
-- FLAGS    no-writes
local shard, sale, admissions, returned = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local offset = tonumber(ARGV[1])
local TAIL_BYTES_MAX = 65535 -- 3855 records of 17 bytes

local closed = gate.check(shard)
if closed then
  return closed
end
local r = rules.of(sale)
if not r then
  return cmsgpack.pack({ 'UNKNOWN_SALE' })
end
local stood = redis.call('HMGET', shard, 'epoch', 'now_ms')
-- A rebuild leaves a sale that had opened without a draw, so that ranks in `returned` are entries.
local back = r.drawn < r.base and redis.call('ZCOUNT', returned, 0, r.base - 1) or 0
local head = { 'VIEW', tonumber(stood[1]), tonumber(stood[2] or 0), r.state, r.reason, r.serving, r.joined, r.drawn,
  r.capacity, redis.call('STRLEN', admissions), r.base, back }
return { cmsgpack.pack(head), redis.call('GETRANGE', admissions, offset, offset + TAIL_BYTES_MAX - 1) }
