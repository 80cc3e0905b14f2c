-- PURPOSE  what a fan has in a sale: seats held and sold, and the last entry whose pass is in use or used up
-- PROVIDES open load seats used_up add use give_back use_up close
-- USES     chunks

-- Stored as one number, mark * 1024 + seats; 0 is not stored. The mark is 2 * entry + 1 while an order of that entry's
-- pass awaits its payment, and 2 * entry + 2 once the pass is used up for good. Entries only grow, so a pass of an
-- older entry than the marked one is used up as well.
local FACTOR = 1024

local function open(key)
  return { key = key, packed = {}, touched = {} }
end

-- Reads the given fans at once; what is known already stays.
local function load(f, list)
  local packed, missing = f.packed, list
  if next(packed) then
    missing = {}
    for i = 1, #list do
      missing[#missing + 1] = not packed[list[i]] and list[i] or nil
    end
  end
  local stored = chunks.call('HMGET', f.key, missing)
  for i = 1, #missing do
    local number = stored[i]
    packed[missing[i]] = number and tonumber(number) or 0
  end
end

local function seats(f, fan)
  return f.packed[fan] % FACTOR
end

local function used_up(f, fan, entry)
  return f.packed[fan] >= (2 * entry + 1) * FACTOR
end

local function add(f, fan, n)
  f.packed[fan] = f.packed[fan] + n
  f.touched[fan] = true
end

local function raise(f, fan, mark)
  f.packed[fan] = math.max(f.packed[fan], mark * FACTOR + seats(f, fan))
  f.touched[fan] = true
end

-- An order of this pass awaits its payment.
local function use(f, fan, entry)
  raise(f, fan, 2 * entry + 1)
end

-- That order lapsed or was released: the pass is good again, unless it was used up meanwhile; false for a mere hold.
local function give_back(f, fan, entry)
  if entry and math.floor(f.packed[fan] / FACTOR) == 2 * entry + 1 then
    add(f, fan, -FACTOR)
  end
end

local function use_up(f, fan, entry)
  raise(f, fan, 2 * entry + 2)
end

local function close(f)
  local set, gone, n, packed = {}, {}, 0, f.packed
  for fan in pairs(f.touched) do
    local number = packed[fan]
    if number == 0 then
      gone[#gone + 1] = fan
    else
      set[n + 1], set[n + 2], n = fan, number, n + 2
    end
  end
  chunks.call('HSET', f.key, set)
  chunks.call('HDEL', f.key, gone)
  f.touched = {}
end

return { open = open, load = load, seats = seats, used_up = used_up, add = add, use = use, give_back = give_back,
  use_up = use_up, close = close }
