-- PURPOSE  deadlines of the invited and of those inside: who is late, and moving all of them later
-- PROVIDES expire extend whole_seconds
-- COST     2 redis calls to expire; 1 per 1000 fans to extend, of whom there are never more than the capacity
local EXPIRED_PER_CALL_MAX = 1000
local EXTENDED_PER_CALL_MAX = 1000

-- Removes and returns those whose deadline has come; what is over the bound goes with the next tick and
-- counts against the capacity until then.
local function expire(key, now_ms)
  local late = redis.call('ZRANGEBYSCORE', key, '-inf', now_ms, 'LIMIT', 0, EXPIRED_PER_CALL_MAX)
  if #late > 0 then
    redis.call('ZREM', key, unpack(late))
  end
  return late
end

local function extend(key, by_ms)
  local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for first = 1, #all, EXTENDED_PER_CALL_MAX * 2 do
    local args = {}
    for i = first, math.min(first + EXTENDED_PER_CALL_MAX * 2 - 1, #all), 2 do
      args[#args + 1] = tonumber(all[i + 1]) + by_ms
      args[#args + 1] = all[i]
    end
    redis.call('ZADD', key, 'XX', unpack(args))
  end
end

-- Passes end on whole seconds, because a JWT counts in seconds; rounded up, never to the fan's cost.
local function whole_seconds(ms)
  return math.ceil(ms / 1000) * 1000
end

return { expire = expire, extend = extend, whole_seconds = whole_seconds }
