-- PURPOSE  splits a party that may sit apart: the fewest, largest pieces, each as near the first as can be
-- PROVIDES choose largest
-- USES     board best fit
-- COST     at most n pieces; each looks at every gap of the category that is long enough
local function largest_up_to(b, c, n)
  for size = n, 1, -1 do
    local k = string.find(b.fits, fit.any(size), b.geometry.cat_first[c])
    if k and k <= b.geometry.cat_last[c] then
      return size
    end
  end
  return 0
end

-- The longest free block in categories from..to, at most n.
local function largest(b, from, to, n)
  local most = 0
  for c = from, to do
    most = math.max(most, largest_up_to(b, c, n))
  end
  return most
end

local function between(g, first, second, x, y)
  local dx, dy = (g.x[first] + g.x[second]) / 2 - x, (g.y[first] + g.y[second]) / 2 - y
  return dx * dx + dy * dy
end

-- Seat position where a block of n lies nearest to the point x, y.
local function nearest(b, c, n, x, y)
  local g, block = b.geometry, string.rep('.', n)
  local k, best, found = g.cat_first[c] - 1, nil, nil
  while true do
    k = string.find(b.fits, fit.any(n), k + 1)
    if not k or k > g.cat_last[c] then
      return found
    end
    local seats, offset, place = board.run(b, g.seg_run[k]), g.run_first[g.seg_run[k]] - 1, g.seg_from[k]
    while true do
      place = string.find(seats, block, place, true)
      if not place or place + n - 1 > g.seg_to[k] then
        break
      end
      local distance = between(g, offset + place, offset + place + n - 1, x, y)
      if not best or distance < best then
        best, found = distance, offset + place
      end
      place = place + 1
    end
  end
end

-- Indices of n seats of category c in pieces, or nil; the board is left as it was.
local function choose(b, c, n, tidily)
  local g, chosen, x, y = b.geometry, {}, nil, nil
  while #chosen < n do
    local size, first = largest_up_to(b, c, n - #chosen), nil
    if size > 0 and x then
      first = nearest(b, c, size, x, y)
    elseif size > 0 then
      local k, place = best.block(b, c, c, size, tidily)
      first = g.run_first[g.seg_run[k]] + place - 1
      x, y = (g.x[first] + g.x[first + size - 1]) / 2, (g.y[first] + g.y[first + size - 1]) / 2
    end
    for index = (first or 0) - 1, (first or 0) + size - 2 do
      chosen[#chosen + 1] = index
      board.mark(b, { index }, 'h')
    end
    if size == 0 then
      break
    end
  end
  table.sort(chosen)
  board.mark(b, chosen, '.')
  return #chosen == n and chosen or nil
end

return { choose = choose, largest = largest }
