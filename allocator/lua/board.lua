-- PURPOSE  the seats of a showtime in this server's memory: '.' free, 'h' held, 's' sold, 'b' blocked, 'x' sold
--          elsewhere. Stored as one byte per seat; board_write writes it back.
-- PROVIDES fill run at paint mark
-- USES     cursors

local LETTERS = { [46] = '.', [98] = 'b', [104] = 'h', [115] = 's', [120] = 'x' }

-- `free` has the category of a free seat by place, 0 for any other place; `letters` what stands at each place.
local function fill(m, g, text)
  m.geometry, m.cursors, m.runs, m.changed = g, {}, {}, {}
  local free, letters, category, run_of = { 0 }, { '' }, g.category, g.run_of
  for position = 1, g.seats do
    local place, letter = position + run_of[position], LETTERS[string.byte(text, position)]
    free[place], letters[place] = letter == '.' and category[place] or 0, letter
    free[place + 1], letters[place + 1] = 0, ''
  end
  for r = 1, g.runs do
    m.runs[r] = string.sub(text, g.run_first[r], g.run_first[r] + g.run_length[r] - 1)
  end
  m.free, m.letters = free, letters
end

-- The seats of a run as a string; position 1 is its first seat.
local function run(b, r)
  local seats = b.runs[r]
  if not seats then
    local first = b.geometry.run_first[r] + r
    seats = table.concat(b.letters, '', first, first + b.geometry.run_length[r] - 1)
    b.runs[r] = seats
  end
  return seats
end

-- The letter of one seat by its index; nil when the plan has no such seat.
local function at(b, index)
  local r = b.geometry.run_of[index + 1]
  return r and b.letters[index + 1 + r]
end

-- Notes that the run of a place must be written.
local function changed(b, place)
  local r = place - b.geometry.index_at[place] - 1
  b.changed[r], b.runs[r] = true, nil
end

-- Gives the places first..last of one run a new letter.
local function paint(b, first, last, letter)
  local g, free, letters = b.geometry, b.free, b.letters
  local category, was_free = letter == '.' and g.category, free[first] ~= 0
  for place = first, last do
    letters[place], free[place] = letter, category and category[place] or 0
  end
  if category then
    cursors.freed(b, first, last)
  elseif first == last and was_free then
    cursors.lone(b, first)
  end
  changed(b, first)
end

-- The same for seats by ascending indices.
local function mark(b, seats, letter)
  local run_of, i, count = b.geometry.run_of, 1, #seats
  while i <= count do
    local first = seats[i] + 1
    local r, last = run_of[first], first
    while seats[i + 1] == last and run_of[last + 1] == r do
      i, last = i + 1, last + 1
    end
    paint(b, first + r, last + r, letter)
    i = i + 1
  end
end

return { fill = fill, run = run, at = at, paint = paint, mark = mark }
