-- PURPOSE  writes back what one call changed on a board, in as few writes as the distances allow
-- PROVIDES close
-- COST     1 redis call for the letters, 1 for each group of changed runs that lie near each other

-- In a small hall one write spans all changed runs; in a large one far apart runs are written apart.
local FAR_BYTES = 1024

local function numbers(changed)
  local list = {}
  for r in pairs(changed) do
    list[#list + 1] = r
  end
  table.sort(list)
  return list
end

-- `first` is the seat position where the pieces begin, `stop` the one behind them.
local function write_runs(b, list)
  local g, pieces, first, stop = b.geometry, {}, nil, nil
  for i = 1, #list do
    local r = list[i]
    local at = g.run_first[r]
    if first and at - stop > FAR_BYTES then
      redis.call('SETRANGE', b.key, g.segments + first - 1, table.concat(pieces))
      pieces, first = {}, nil
    elseif first and at > stop then
      pieces[#pieces + 1] = string.sub(b.text, g.segments + stop, g.segments + at - 1)
    end
    pieces[#pieces + 1], first, stop = b.runs[r], first or at, at + g.run_length[r]
  end
  redis.call('SETRANGE', b.key, g.segments + first - 1, table.concat(pieces))
end

local function close(b)
  if b.low then
    redis.call('SETRANGE', b.key, b.low - 1, string.sub(b.fits, b.low, b.high))
  end
  if next(b.changed) then
    write_runs(b, numbers(b.changed))
  end
end

return { close = close }
