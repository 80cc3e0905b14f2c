-- PURPOSE  chooses the seats of a hold and takes them in one step
-- PROVIDES take
-- USES     best board choice cursors showtime

-- Seats that are no block of the ranking: those picked, or pieces.
local function others(s, t, wish, until_ms)
  local seats, told
  if wish then
    seats, told = choice.picked(s, wish, s.orphans == 'strict' and not t.staff)
  else
    seats, told = choice.apart(s, t)
  end
  if not seats then
    return nil, told
  end
  showtime.change(s, seats, 'h')
  return cmsgpack.pack({ 'HELD', seats, until_ms, told or false })
end

-- The answer, packed, if the seats are held by then; else nil and the refusal.
local function take(s, t, wish, until_ms)
  local b, n = s.board, t.n
  local first = not wish and best.block(b, t.zone, n, s.tidily)
  if not first then
    return others(s, t, wish, until_ms)
  end
  local free, letters = b.free, b.letters
  for place = first, first + n - 1 do
    free[place], letters[place] = 0, 'h'
  end
  if n == 1 then
    cursors.lone(b, first)
  end
  board.changed(b, first)
  s.version = s.version + 1
  return b.geometry.packed[first]
end

return { take = take }
