-- PURPOSE  commands with very many arguments, in portions that Lua's stack bears
-- PROVIDES call
-- COST     1 redis call per 1000 arguments

local ARGUMENTS_MAX = 1000

-- Replies of all portions in one list when they are lists. Without arguments there is nothing to do.
local function call(command, key, list)
  if not list[1] then
    return list
  elseif #list <= ARGUMENTS_MAX then
    return redis.call(command, key, unpack(list))
  end
  local all = {}
  for first = 1, #list, ARGUMENTS_MAX do
    local reply = redis.call(command, key, unpack(list, first, math.min(first + ARGUMENTS_MAX - 1, #list)))
    if type(reply) == 'table' then
      for i = 1, #reply do
        all[#all + 1] = reply[i]
      end
    end
  end
  return all
end

return { call = call }
