-- PURPOSE  the admissions log: 17 bytes a record, big-endian: kind u8, entry u32, at_ms u64, span_ms u32.
--          i invited for span, a admitted for span, t timed out, d done, l left, r back though called while
--          absent, m missing once more, s serving is now entry, c capacity is now entry, o opened with entry
--          drawn, p paused, x all deadlines moved by span, z closed
-- PROVIDES record write one
local SPAN_MAX_MS = 4294967295

local function record(kind, entry, at_ms, span_ms)
  return struct.pack('>BI4I8I4', string.byte(kind), entry, at_ms, math.min(span_ms or 0, SPAN_MAX_MS))
end

local function write(key, records)
  if #records > 0 then
    redis.call('APPEND', key, table.concat(records))
  end
end

local function one(key, kind, entry, at_ms, span_ms)
  redis.call('APPEND', key, record(kind, entry, at_ms, span_ms))
end

return { record = record, write = write, one = one }
