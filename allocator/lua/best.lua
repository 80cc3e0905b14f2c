-- PURPOSE  finds the best block of n free neighbours of one category: nearest the focal point, first among those
--          that leave no seat alone, then among the others
-- PROVIDES any block
-- USES     cursors
-- COST     the ranking is walked once while seats only go, so a few looks a decision; the whole zone at most

local allows = cursors.allows

-- Place of the first seat of the nearest block that cursor c allows, or nil.
local function next_of(b, c)
  local free, order, shift, n, tidy = b.free, c.order, c.shift, c.n, c.tidy
  local reach = n - 1
  for i = c.at, c.last do
    local first = order[i] - shift
    local zone = free[first]
    -- Both ends first, as most blocks fail there; of a pair they are all there is.
    if zone ~= 0 and free[first + reach] == zone and (n == 2 and not tidy or allows(free, first, n, tidy)) then
      c.at = i
      return first
    end
  end
  c.at = c.last + 1
end

local function any(b, zone, n)
  return next_of(b, cursors.of(b, zone, n, false))
end

-- Zone 0 is any one category.
local function block(b, zone, n, tidily)
  return tidily and next_of(b, b.cursors[zone * 64 + n] or cursors.of(b, zone, n, true)) or any(b, zone, n)
end

return { any = any, block = block }
