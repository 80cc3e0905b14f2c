-- PURPOSE  how far down the ranking of blocks all are taken, for each zone and size, so that the best block is the next
--          one; a cursor only moves on over blocks that will not do, and back when seats change so that they might
-- PROVIDES of allows freed lone
-- COST     freed: a few looks per cursor; at most 2 cursors per zone and size in use

-- Cursors are made when first asked for. `shift` leads from a place in the ranking to the first seat of the block.
local function of(b, zone, n, tidy)
  local key = zone * 64 + (tidy and n or -n)
  local c = b.cursors[key]
  if not c then
    local order = b.geometry.orders[zone][n % 2]
    c = {
      at = 1, last = #order, order = order, rank = b.geometry.ranks[zone][n % 2], n = n, tidy = tidy,
      shift = math.floor((n - 1) / 2),
    }
    b.cursors[key] = c
  end
  return c
end

-- True when a block of n may start here: all free, of one category, and if `tidy` without leaving a seat alone.
local function allows(free, first, n, tidy)
  local zone, last = free[first], first + n - 1
  for place = first + 1, last do
    if free[place] ~= zone then
      return false
    end
  end
  return zone ~= 0 and not (tidy and (
    free[first - 1] ~= 0 and free[first - 2] == 0 or free[last + 1] ~= 0 and free[last + 2] == 0))
end

local function back_to(c, free, start)
  local rank = c.rank[start + c.shift]
  if rank and rank < c.at and allows(free, start, c.n, c.tidy) then
    c.at = rank
  end
end

-- Places first..last became free: blocks across them fit again, and those up to two places away may be tidy again.
local function freed(b, first, last)
  for _, c in pairs(b.cursors) do
    for start = first - c.n - 1, last + 2 do
      back_to(c, b.free, start)
    end
  end
end

-- A single free place was taken: it may have been the one that a neighbouring block would have left alone.
local function lone(b, place)
  for _, c in pairs(b.cursors) do
    if c.tidy then
      back_to(c, b.free, place + 1)
      back_to(c, b.free, place - c.n)
    end
  end
end

return { of = of, allows = allows, freed = freed, lone = lone }
