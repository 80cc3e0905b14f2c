-- PURPOSE  the seats of a hold: those the fan picked, or the best of as many; else the refusal
-- PROVIDES picked best
-- USES     showtime board best pieces orphan

local FREE = 46

-- Ascending indices and whether they are one unbroken block. Duplicates are no seats either.
local function picked(s, wish, strict)
  local b = showtime.board(s)
  local unknown, taken, seen = {}, {}, {}
  for i, index in ipairs(wish) do
    local state = not seen[index] and board.at(b, index)
    seen[index] = true
    if not state then
      unknown[#unknown + 1] = i - 1
    elseif state ~= FREE then
      taken[#taken + 1] = index
    end
  end
  if #unknown > 0 then
    return nil, { 'NO_SUCH_SEATS', unknown }
  elseif #taken > 0 then
    return nil, { 'TAKEN', taken }
  end
  table.sort(wish)
  if strict then
    local single, instead = orphan.single(b, wish)
    if single then
      return nil, { 'LEAVES_SINGLE', single, instead }
    end
  end
  local first, last = wish[1], wish[#wish]
  return wish, last - first + 1 == #wish and b.geometry.run_of[first + 1] == b.geometry.run_of[last + 1]
end

local function in_pieces(b, n, from, to, tidily)
  for c = from, to do
    local seats = pieces.choose(b, c, n, tidily)
    if seats then
      return seats
    end
  end
end

-- The best n of the categories from..to.
local function best_of(s, n, from, to, split)
  local b, tidily = showtime.board(s), s.orphans ~= 'off'
  local segment, place = best.block(b, from, to, n, tidily)
  if segment then
    local seats, first = {}, b.geometry.run_first[b.geometry.seg_run[segment]] + place - 2
    for i = 1, n do
      seats[i] = first + i - 1
    end
    return seats, true
  end
  local seats = split and in_pieces(b, n, from, to, tidily)
  if seats then
    return seats, false
  end
  local largest = pieces.largest(b, from, to, n)
  return nil, largest == 0 and { 'SOLD_OUT' } or { 'NO_FIT', largest, s.version }
end

return { picked = picked, best = best_of }
