-- PURPOSE  another choice of as many seats in the same run and zone, in no more pieces, that leaves no seat alone
-- PROVIDES choose
-- USES     board fit
-- COST     bounded by gaps of the run x seats x pieces, at most 25 each

-- The span of the zones that the pieces touch, as places of the run.
local function span(g, run)
  local base = g.run_first[run.number] - 1
  local first, last = run.pieces[1][1], run.pieces[#run.pieces][2]
  return g.seg_from[g.seg_of[base + first]], g.seg_to[g.seg_of[base + last]]
end

-- Start of a block of n in places lo..hi that leaves no seat alone, the nearest to `wish`.
local function block(seats, lo, hi, n, wish)
  local free = string.rep('.', n)
  for step = 0, hi - lo do
    for way = -1, 1, 2 do
      local start = wish + way * step
      if start >= lo and start + n - 1 <= hi and string.sub(seats, start, start + n - 1) == free
        and not fit.alone(seats, start, start + n - 1) then
        return start
      end
    end
  end
end

local function gaps(seats, lo, hi)
  local list, place = {}, lo
  while true do
    local first, last = string.find(seats, '%.+', place)
    if not first or first > hi then
      return list
    end
    list[#list + 1], place = { first, math.min(last, hi) }, last + 2
  end
end

-- Starts and lengths of at most `pieces` blocks, one a gap, of n seats together; `seen` remembers what cannot be.
local function spread(seats, list, i, n, pieces, seen)
  local key = (i * 32 + n) * 32 + pieces
  if n == 0 then
    return {}
  elseif i > #list or pieces == 0 or seen[key] then
    return nil
  end
  for size = math.min(n, list[i][2] - list[i][1] + 1), 0, -1 do
    local start = size > 0 and block(seats, list[i][1], list[i][2], size, list[i][1])
    if start or size == 0 then
      local rest = spread(seats, list, i + 1, n - size, size > 0 and pieces - 1 or pieces, seen)
      if rest then
        rest[#rest + 1] = start and { start, size }
        return rest
      end
    end
  end
  seen[key] = true
end

-- Ascending indices, or nil: then the lone seat is allowed.
local function choose(b, run)
  local g, seats = b.geometry, board.run(b, run.number)
  local lo, hi = span(g, run)
  local start = block(seats, lo, hi, run.count, run.pieces[1][1])
  local found = start and { { start, run.count } }
    or #run.pieces > 1 and spread(seats, gaps(seats, lo, hi), 1, run.count, #run.pieces, {}) or {}
  local indices, offset = {}, g.run_first[run.number] - 2
  for _, piece in ipairs(found) do
    for place = piece[1], piece[1] + piece[2] - 1 do
      indices[#indices + 1] = offset + place
    end
  end
  table.sort(indices)
  return #indices > 0 and indices or nil
end

return { choose = choose }
