-- PURPOSE  one letter per segment says which blocks fit, so that one search in a string finds a segment
-- PROVIDES letter any tidy alone

-- A letter is the longest free block, 'A' = 0 .. 'Z' = 25 or more. Lower case: a block of one less may still be taken
-- without leaving a seat alone, as there is a gap of just that length, or the run goes on beyond the segment.
local LONGEST = 25
local FREE = 46

local function letter(seats, from, to, whole)
  local longest, second, place = 0, 0, from
  while true do
    local first, last = string.find(seats, '%.+', place)
    if not first or first > to then
      break
    end
    local n = (last < to and last or to) - first + 1
    if n > longest then
      longest, second = n, longest
    elseif n < longest and n > second then
      second = n
    end
    place = last + 2
  end
  local base = (not whole or (longest > 1 and second == longest - 1)) and 97 or 65
  return base + (longest < LONGEST and longest or LONGEST)
end

-- Patterns for any block of n seats, and for one that may leave no seat alone; a gap of n + 1 always leaves one alone.
-- The tidy pattern may promise too much, never too little. Made when first used: a library that loads has no `string`.
local known_any, known_tidy = {}, {}

local function any(n)
  local pattern = known_any[n] or '[' .. string.char(65 + n) .. '-Z' .. string.char(97 + n) .. '-z]'
  known_any[n] = pattern
  return pattern
end

local function tidy(n)
  local longer = n + 2 <= LONGEST and string.char(67 + n) .. '-Z' or 'Z'
  local pattern = known_tidy[n] or '[' .. string.char(65 + n) .. longer .. string.char(97 + n) .. '-z]'
  known_tidy[n] = pattern
  return pattern
end

-- The place of a seat that taking places from..to would leave alone beside it, or nil.
local function alone(seats, from, to)
  if from > 1 and string.byte(seats, from - 1) == FREE
    and (from == 2 or string.byte(seats, from - 2) ~= FREE) then
    return from - 1
  end
  if string.byte(seats, to + 1) == FREE and string.byte(seats, to + 2) ~= FREE then
    return to + 1
  end
end

return { letter = letter, any = any, tidy = tidy, alone = alone }
