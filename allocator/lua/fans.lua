-- PURPOSE  what a fan has in a sale: seats held and sold, and the last entry whose pass is used up
-- PROVIDES open load seats used_up add use_up close
-- USES     chunks

-- Stored as one number, (entry + 1) * 1024 + seats; 0 is not stored. Entries only grow, so a pass of an older entry
-- than the last used one is used up as well.
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
    packed[missing[i]] = stored[i] and tonumber(stored[i]) or 0
  end
end

local function seats(f, fan)
  return f.packed[fan] % FACTOR
end

local function used_up(f, fan, entry)
  return f.packed[fan] >= (entry + 1) * FACTOR
end

local function add(f, fan, n)
  f.packed[fan] = f.packed[fan] + n
  f.touched[fan] = true
end

local function use_up(f, fan, entry)
  f.packed[fan] = math.max(f.packed[fan], (entry + 1) * FACTOR + seats(f, fan))
  f.touched[fan] = true
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

return { open = open, load = load, seats = seats, used_up = used_up, add = add, use_up = use_up, close = close }
