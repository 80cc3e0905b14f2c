-- PURPOSE  chooses the seats of a hold and takes them in one step
-- PROVIDES take
-- USES     best choice cursors showtime

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

-- The answer, packed, if the n seats are held by then; else nil and the refusal.
local function take(s, t, n, wish, until_ms)
  local b = s.board
  local first = not wish and best.block(b, t.zone, n, s.tidily)
  if not first then
    return others(s, t, wish, until_ms)
  end
  local g, free, letters = b.geometry, b.free, b.letters
  local index, answer = g.index_at[first], g.packed[first]
  for place = first, first + n - 1 do
    free[place], letters[place] = 0, 'h'
  end
  if n == 1 then
    cursors.lone(b, first)
  end
  -- As board.changed does.
  local r = first - index - 1
  b.changed[r], b.runs[r], s.version = true, nil, s.version + 1
  -- Packed once for all showtimes of the plan, and only where blocks begin: each text is work for the collector.
  if not answer then
    answer = cmsgpack.pack(index)
    g.packed[first] = answer
  end
  return answer
end

return { take = take }
