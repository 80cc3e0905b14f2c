-- PURPOSE  finds the best block of n free neighbours of one category: nearest the focal point, first among those
--          that leave no seat alone, then among the others
-- PROVIDES block
-- USES     gap fit
-- COST     1 search in the letters per candidate segment; stops when no further segment can be nearer

-- What was found in each segment for a party of n; it holds until seats of the run change.
local function memo_of(b, n, tidily)
  local key = tidily and n or -n
  local m = b.memo[key] or { stamp = {}, distance = {}, start = {} }
  b.memo[key] = m
  return m
end

-- Segments of a category come nearest first: once a segment's bound is no better than the best, nothing is.
local function search(b, c, n, pattern, tidily, best, segment, start)
  local g, m = b.geometry, memo_of(b, n, tidily)
  local k, last = g.cat_first[c] - 1, g.cat_last[c]
  while true do
    k = string.find(b.fits, pattern, k + 1)
    if not k or k > last or (best and g.seg_bound[k] >= best) then
      return best, segment, start
    end
    local stamp = b.stamps[g.seg_run[k]] or 0
    if m.stamp[k] ~= stamp then
      m.stamp[k], m.distance[k], m.start[k] = stamp, gap.best(b, k, n, tidily)
    end
    local distance = m.distance[k]
    if distance and (not best or distance < best) then
      best, segment, start = distance, k, m.start[k]
    end
  end
end

-- Segment and place of the best block of n in categories from..to, or nil when nothing fits.
local function block(b, from, to, n, tidily)
  local best, segment, start
  for c = from, to do
    best, segment, start = search(b, c, n, tidily and fit.tidy(n) or fit.any(n), tidily, best, segment, start)
  end
  if not segment and tidily then
    return block(b, from, to, n, false)
  end
  return segment, start
end

return { block = block }
