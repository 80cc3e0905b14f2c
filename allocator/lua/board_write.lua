-- PURPOSE  writes back what one call changed on a board
-- PROVIDES close
-- USES     board
-- COST     1 redis call for each band of runs where something changed

-- All from the first to the last changed run of a band is written at once, and what lies far apart is written apart.
local BAND_RUNS = 32

local function bands(changed)
  local low, high = {}, {}
  for r in pairs(changed) do
    local band = r - r % BAND_RUNS
    local least, most = low[band], high[band]
    low[band], high[band] = least and least < r and least or r, most and most > r and most or r
  end
  return low, high
end

local function close(key, b)
  local first_of, runs = b.geometry.run_first, b.runs
  local low, high = bands(b.changed)
  for band, from in pairs(low) do
    local pieces = {}
    for r = from, high[band] do
      pieces[r - from + 1] = runs[r] or board.run(b, r)
    end
    redis.call('SETRANGE', key, first_of[from] - 1, table.concat(pieces))
  end
  b.changed = {}
end

return { close = close }
