-- PURPOSE  msgpack written piece by piece, where building tables only to pack them would cost more than the decision
-- PROVIDES head number block
local ARRAY, TEXT = 144, 160
local SHORT_ARRAY, SHORT_TEXT = 16, 32

-- What stands before a text.
local heads = {}

local function head(length)
  local bytes = heads[length]
  if not bytes then
    bytes = length < SHORT_TEXT and string.char(TEXT + length) or '\218' .. struct.pack('>I2', length)
    heads[length] = bytes
  end
  return bytes
end

-- Many numbers of one call are the same moments, so the last ones are remembered.
local KNOWN_MAX = 256
local known, count = {}, 0

local function number(value)
  local packed = known[value]
  if not packed then
    if count >= KNOWN_MAX then
      known, count = {}, 0
    end
    packed = cmsgpack.pack(value)
    known[value], count = packed, count + 1
  end
  return packed
end

-- The indices of n neighbours from a place on.
local function block(g, place, n)
  local list = g.packed
  if n == 2 then
    return '\146' .. list[place] .. list[place + 1]
  end
  local before = n < SHORT_ARRAY and string.char(ARRAY + n) or '\220' .. struct.pack('>I2', n)
  return before .. table.concat(list, '', place, place + n - 1)
end

return { head = head, number = number, block = block }
