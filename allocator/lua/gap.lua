-- PURPOSE  finds the best block of n free neighbours within one segment
-- PROVIDES best
-- USES     board fit
-- COST     1 search in the run per gap, and at most 6 starts in each

-- The best start in one gap, where starts lo..hi are free. Distance never falls away from the ideal start, and at most
-- two starts of a gap leave a seat alone, so the best is within two places of it.
local function in_gap(g, k, seats, lo, hi, n, tidily)
  local near, shift = g.seg_near[k], n - 2 * g.seg_from[k]
  local middle = (g.seg_ideal[k] - shift) / 2
  local least, most = math.floor(middle), math.ceil(middle)
  least, most = math.max(lo, math.min(hi, least)), math.max(lo, math.min(hi, most))
  if tidily then
    least, most = math.max(lo, least - 2), math.min(hi, most + 2)
  end
  local best, found
  for start = least, most do
    local distance = near[2 * start + shift]
    if (not best or distance < best) and not (tidily and fit.alone(seats, start, start + n - 1)) then
      best, found = distance, start
    end
  end
  return best, found
end

-- Distance and place of the best block of n in segment k, or nil.
local function best_of(b, k, n, tidily)
  local g = b.geometry
  local seats, to = board.run(b, g.seg_run[k]), g.seg_to[k]
  local place, best, found = g.seg_from[k], nil, nil
  while true do
    local first, last = string.find(seats, '%.+', place)
    if not first or first > to then
      return best, found
    end
    local hi = (last < to and last or to) - n + 1
    if hi >= first then
      local distance, start = in_gap(g, k, seats, first, hi, n, tidily)
      if distance and (not best or distance < best) then
        best, found = distance, start
      end
    end
    place = last + 2
  end
end

return { best = best_of }
