-- PURPOSE  where the record of each token of a showtime is: `true` for a field of its own, a number for a place in a
--          bundle (see there). Kept in the server's memory, so that a new token is known as new without asking.
-- PROVIDES of moved made
-- USES     memory chunks bundle
-- COST     nothing; when it was forgotten, 2 redis calls and each record once

local WEIGHT = 3

-- Records of their own count, also beside the bundle that they came from. `left`: how many are still in each bundle.
local function filled(key)
  local where, left, numbers, count = {}, {}, {}, 0
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.find(field, '-', 1, true) then
      where[field], count = true, count + 1
    else
      numbers[#numbers + 1] = field
    end
  end
  for b, text in ipairs(chunks.call('HMGET', key, numbers)) do
    local number, inside = tonumber(numbers[b]), 0
    for i, token in ipairs(bundle.read(text).columns[2]) do
      if not where[token] then
        where[token], inside = bundle.place(number, i), inside + 1
      end
    end
    left[number], count = inside, count + inside
  end
  return where, left, count
end

local function of(s)
  local m = s.memory
  if not m.where then
    local count
    m.where, m.left, count = filled(s.holds_key)
    memory.grow(m, count * WEIGHT)
  end
  return m.where
end

-- The record of a token has moved to a field of its own (true) or was forgotten (nil). The number of the bundle that
-- it left empty, if it did.
local function moved(s, token, to)
  local m = s.memory
  local at = m.where[token]
  m.where[token] = to
  if at and not to then
    memory.grow(m, -WEIGHT)
  end
  if at and at ~= true then
    local number = bundle.split(at)
    local left = m.left[number] - 1
    m.left[number] = left > 0 and left or nil
    return left == 0 and number
  end
end

-- A bundle of so many records was made.
local function made(s, number, count)
  s.memory.left[number] = count
  memory.grow(s.memory, count * WEIGHT)
end

return { of = of, moved = moved, made = made }
