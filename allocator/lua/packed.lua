-- PURPOSE  msgpack written piece by piece, where building tables only to pack them would cost more than the decision
-- PROVIDES number list

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

-- Answers, packed each for itself.
local function list(answers)
  return '\220' .. struct.pack('>I2', #answers) .. table.concat(answers)
end

return { number = number, list = list }
