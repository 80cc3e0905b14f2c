-- PURPOSE  the seats of a hold: those the fan picked, or the best of as many; else the refusal
-- PROVIDES picked apart
-- USES     showtime board pieces orphan

-- Ascending indices and whether they are one unbroken block. Duplicates are no seats either.
local function picked(s, wish, strict)
  local b = showtime.board(s)
  local unknown, taken, seen = {}, {}, {}
  for i, index in ipairs(wish) do
    local letter = not seen[index] and board.at(b, index)
    seen[index] = true
    if not letter then
      unknown[#unknown + 1] = i - 1
    elseif letter ~= '.' then
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

-- When no block of n is left: the best n in pieces, if the fans bear that.
local function apart(s, t)
  local b = showtime.board(s)
  for c = t.from, t.split and t.to or 0 do
    local seats = pieces.choose(b, c, t.n, s.orphans ~= 'off')
    if seats then
      return seats
    end
  end
  local largest = pieces.largest(b, t.zone, t.n)
  return nil, largest == 0 and { 'SOLD_OUT' } or { 'NO_FIT', largest, s.version }
end

return { picked = picked, apart = apart }
