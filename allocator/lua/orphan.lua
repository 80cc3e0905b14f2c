-- PURPOSE  the no-single-seat rule for hand-picked seats: a seat left alone counts only if the same number could be had
--          in that run, in the same zone and in no more pieces, without leaving one
-- PROVIDES single
-- USES     board fit instead

-- The piece of `seats` that starts at i: run, first and last place in it, and the entry behind it.
local function piece(g, seats, i)
  local first = seats[i] + 1
  local r, last = g.run_of[first], first
  while seats[i + 1] == last and g.run_of[last + 1] == r do
    i, last = i + 1, last + 1
  end
  return r, first - g.run_first[r] + 1, last - g.run_first[r] + 1, i + 1
end

-- All pieces of the run at entry i: a table of them, and the entry behind the run.
local function in_run(g, seats, i)
  local run = { number = g.run_of[seats[i] + 1], pieces = {}, count = 0 }
  while seats[i] and g.run_of[seats[i] + 1] == run.number do
    local _, from, to, behind = piece(g, seats, i)
    run.pieces[#run.pieces + 1] = { from, to }
    run.count, i = run.count + to - from + 1, behind
  end
  return run, i
end

-- Place of the seat that the pieces leave alone together; seats already alone before are nobody's fault.
local function left_alone(seats, pieces)
  local after = seats
  for _, p in ipairs(pieces) do
    after = string.sub(after, 1, p[1] - 1) .. string.rep('h', p[2] - p[1] + 1) .. string.sub(after, p[2] + 1)
  end
  for _, p in ipairs(pieces) do
    local place = fit.alone(after, p[1], p[2])
    if place then
      return place
    end
  end
end

-- The index of a seat that would be left alone and a choice that fits (indices), or nil when the rule is kept.
local function single(b, seats)
  local g, i, alone, choice = b.geometry, 1, nil, {}
  while seats[i] do
    local start = i
    local run
    run, i = in_run(g, seats, i)
    local place = left_alone(board.run(b, run.number), run.pieces)
    local other = place and instead.choose(b, run)
    if other then
      alone = alone or g.run_first[run.number] + place - 2
    end
    for j = start, i - 1 do
      choice[j] = other and other[j - start + 1] or seats[j]
    end
  end
  if alone then
    return alone, choice
  end
end

return { single = single }
