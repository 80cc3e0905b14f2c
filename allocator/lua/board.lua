-- PURPOSE  the seats of a showtime in memory for one call: '.' free, 'h' held, 's' sold, 'b' blocked, 'x' sold
--          elsewhere. Stored as one `fits` letter per segment, then one byte per seat; board_write writes it back.
-- PROVIDES open run at mark
-- USES     fit
local function open(key, g)
  local text = redis.call('GET', key)
  local fits = string.sub(text, 1, g.segments)
  return { key = key, geometry = g, text = text, fits = fits, runs = {}, changed = {}, stamps = {}, memo = {} }
end

-- The seats of a run as a string; position 1 is its first seat.
local function run(b, r)
  local seats = b.runs[r]
  if not seats then
    local first = b.geometry.segments + b.geometry.run_first[r]
    seats = string.sub(b.text, first, first + b.geometry.run_length[r] - 1)
    b.runs[r] = seats
  end
  return seats
end

-- The byte of one seat by its index; nil when the plan has no such seat.
local function at(b, index)
  local r = b.geometry.run_of[index + 1]
  return r and string.byte(run(b, r), index + 2 - b.geometry.run_first[r])
end

local function refit(b, k)
  local g = b.geometry
  local letter = fit.letter(run(b, g.seg_run[k]), g.seg_from[k], g.seg_to[k], g.seg_whole[k])
  if letter ~= string.byte(b.fits, k) then
    b.fits = string.sub(b.fits, 1, k - 1) .. string.char(letter) .. string.sub(b.fits, k + 1)
    b.low, b.high = math.min(b.low or k, k), math.max(b.high or k, k)
  end
end

-- Gives the seats (ascending indices) a new letter.
local function mark(b, seats, letter)
  local g, i, count = b.geometry, 1, #seats
  while i <= count do
    local first = seats[i] + 1
    local r, k = g.run_of[first], g.seg_of[first]
    local last = first
    while i < count and seats[i + 1] == last and g.seg_of[last + 1] == k do
      i, last = i + 1, last + 1
    end
    local old, from, n = run(b, r), first - g.run_first[r] + 1, last - first + 1
    b.runs[r] = string.sub(old, 1, from - 1) .. string.rep(letter, n) .. string.sub(old, from + n)
    b.changed[r], b.stamps[r] = true, (b.stamps[r] or 0) + 1
    refit(b, k)
    i = i + 1
  end
end

return { open = open, run = run, at = at, mark = mark }
