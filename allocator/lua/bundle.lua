-- PURPOSE  the records of all holds that one call gave, written as one field of the showtime's holds: the batch as it
--          came and what was answered. A record that changes moves to a field of its own, named by its token.
-- PROVIDES place split read record write
-- USES     packed terms

-- A bundle is msgpack: {the shard's time, columns, answers}. Columns and answers are those of hold: the first index of
-- a block, or {HELD seats until together}. Read by allocator/record.py too.
local CALL_MAX = 1024

-- Where a record is, as one number: its bundle and its place in the columns.
local function place(number, i)
  return number * CALL_MAX + i
end

local function split(at)
  return math.floor(at / CALL_MAX), at % CALL_MAX
end

local function read(text)
  local now, columns, answers = unpack(cmsgpack.unpack(text))
  return { now = now, columns = columns, answers = answers }
end

-- The record of a hold; `answer` is what it was answered.
local function record(now, c, i, answer)
  local t, first = terms.of(c[5][i]), answer
  local r = { state = 'held', fan = c[3][i], entry = c[4][i], created_ms = now }
  if type(answer) == 'table' then
    r.seats, r.deadline_ms, r.together = answer[2], answer[3], answer[4]
    return r
  end
  r.seats, r.deadline_ms, r.together = {}, now + t.hold_ms, true
  for j = 1, t.n do
    r.seats[j] = first + j - 1
  end
  return r
end

-- The rows of the columns that were held at this bundle's places; each moves up to its place among them.
local function chosen(where, number, c, answers)
  local rows, kept = { {}, {}, {}, {}, {}, {} }, {}
  for i, token in ipairs(c[2]) do
    if where[token] == place(number, i) then
      kept[#kept + 1] = answers[i]
      for column = 1, 6 do
        rows[column][#kept] = c[column][i]
      end
    end
  end
  for i, token in ipairs(rows[2]) do
    where[token] = place(number, i)
  end
  return cmsgpack.pack(rows), kept
end

-- What one call gave of a showtime; `count` decisions of the batch, whose text is `batch`.
local function write(where, number, count, now, batch, c, answers)
  if count < #c[2] then
    batch, answers = chosen(where, number, c, answers)
  end
  return '\147' .. packed.number(now) .. batch .. packed.list(answers)
end

return { place = place, split = split, read = read, record = record, write = write }
