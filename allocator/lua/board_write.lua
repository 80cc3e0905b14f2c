-- PURPOSE  writes back what one call changed on a board
-- PROVIDES close
-- USES     board
-- COST     1 redis call for each band of runs where something changed

local function close(key, b)
  local first_of, runs = b.geometry.run_first, b.runs
  for band, low in pairs(b.low) do
    local pieces = {}
    for r = low, b.high[band] do
      pieces[r - low + 1] = runs[r] or board.run(b, r)
    end
    redis.call('SETRANGE', key, first_of[low] - 1, table.concat(pieces))
  end
  if next(b.low) then
    b.low, b.high = {}, {}
  end
end

return { close = close }
