-- PURPOSE  reads and sets many single bits of a bitmap in few calls
-- PROVIDES read set mark
-- COST     1 redis call per 1000 bits; 1000 keeps the arguments far below Lua's limit of 8000 on the stack
local BITS_PER_CALL_MAX = 1000

local function in_calls(command, key, entries, verb, value)
  local answers = {}
  for first = 1, #entries, BITS_PER_CALL_MAX do
    local args = {}
    for i = first, math.min(first + BITS_PER_CALL_MAX - 1, #entries) do
      local n = #args
      args[n + 1], args[n + 2], args[n + 3], args[n + 4] = verb, 'u1', entries[i], value
    end
    for _, found in ipairs(redis.call(command, key, unpack(args))) do
      answers[#answers + 1] = found
    end
  end
  return answers
end

-- 0 or 1 for each entry, in order; a missing bitmap reads as zeros.
local function read(key, entries)
  return in_calls('BITFIELD_RO', key, entries, 'GET')
end

local function set(key, entries)
  in_calls('BITFIELD', key, entries, 'SET', 1)
end

-- Sets bits of a presence window. The bit of the next entry, which belongs to nobody yet, is touched first:
-- a new string is then allocated at its full size, not at the double of it.
local function mark(key, entries, joined, ttl_ms)
  redis.call('SETBIT', key, joined, 0)
  set(key, entries)
  redis.call('PEXPIRE', key, ttl_ms)
end

return { read = read, set = set, mark = mark }
