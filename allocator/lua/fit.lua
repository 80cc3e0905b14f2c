-- PURPOSE  when a block leaves a seat alone
-- PROVIDES alone

local FREE = 46

-- The place of a seat that taking places from..to would leave alone beside it, or nil.
local function alone(seats, from, to)
  if from > 1 and string.byte(seats, from - 1) == FREE
    and (from == 2 or string.byte(seats, from - 2) ~= FREE) then
    return from - 1
  end
  if string.byte(seats, to + 1) == FREE and string.byte(seats, to + 2) ~= FREE then
    return to + 1
  end
end

return { alone = alone }
