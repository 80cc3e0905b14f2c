-- PURPOSE  writes back what one call changed on a board, in as few writes as the distances allow
-- PROVIDES close
-- USES     board
-- COST     1 redis call for each group of changed runs that lie near each other

-- What lies between two changed runs is written again when it is short, else they are written apart.
local FAR_BYTES = 256

local function close(key, b)
  local g, list = b.geometry, {}
  for r in pairs(b.changed) do
    list[#list + 1] = r
  end
  table.sort(list)
  local i = 1
  while list[i] do
    local first, pieces = list[i], {}
    while list[i + 1] and g.run_first[list[i + 1]] - g.run_first[list[i]] <= FAR_BYTES do
      i = i + 1
    end
    for r = first, list[i] do
      pieces[r - first + 1] = board.run(b, r)
    end
    redis.call('SETRANGE', key, g.run_first[first] - 1, table.concat(pieces))
    i = i + 1
  end
  b.changed = {}
end

return { close = close }
