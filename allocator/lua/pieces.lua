-- PURPOSE  splits a party that may sit apart: the fewest, largest pieces, each as near the first as can be
-- PROVIDES choose largest
-- USES     board best
-- COST     at most n pieces; each looks at every seat of the hall

-- The longest free block of the zone, at most n.
local function largest(b, zone, n)
  for size = n, 1, -1 do
    if best.any(b, zone, size) then
      return size
    end
  end
  return 0
end

-- The point in the middle of the block of n from a place on, doubled.
local function middle(g, first, n)
  local a, z = g.index_at[first] + 1, g.index_at[first] + n
  return g.x[a] + g.x[z], g.y[a] + g.y[z]
end

local function is_free(b, c, first, n)
  for place = first, first + n - 1 do
    if b.free[place] ~= c then
      return false
    end
  end
  return true
end

-- Place where a block of n lies nearest to the doubled point x, y.
local function nearest(b, c, n, x, y)
  local g, least, found = b.geometry, nil, nil
  for k, r in ipairs(g.seg_run) do
    local offset = g.run_first[r] + r - 1
    for first = offset + g.seg_from[k], offset + g.seg_to[k] - n + 1 do
      if is_free(b, c, first, n) then
        local at_x, at_y = middle(g, first, n)
        local distance = (at_x - x) ^ 2 + (at_y - y) ^ 2
        if not least or distance < least then
          least, found = distance, first
        end
      end
    end
  end
  return found
end

-- Indices of n seats of category c in pieces, or nil; the board is left as it was.
local function choose(b, c, n, tidily)
  local g, chosen, x, y = b.geometry, {}, nil, nil
  while #chosen < n do
    local size = largest(b, c, n - #chosen)
    if size == 0 then
      break
    end
    local first = x and nearest(b, c, size, x, y) or best.block(b, c, size, tidily)
    if not x then
      x, y = middle(g, first, size)
    end
    for place = first, first + size - 1 do
      chosen[#chosen + 1] = g.index_at[place]
    end
    board.paint(b, first, first + size - 1, 'h')
  end
  table.sort(chosen)
  board.mark(b, chosen, '.')
  return #chosen == n and chosen or nil
end

return { choose = choose, largest = largest }
