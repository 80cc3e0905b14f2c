-- PURPOSE  a showtime as one call sees it: everything read at most once, changed in memory, written back at the end
-- PROVIDES open board change close
-- USES     geometry board board_write fans records
-- COST     open: 1 redis call a showtime; close: at most 8

local WIDTH = 7

-- One table per group of keys from keys[first] on; showtimes of one sale share its fans. `version` is nil for a
-- showtime that was never loaded.
local function open(keys, first)
  local list, sales = {}, {}
  for i = first, #keys, WIDTH do
    local show = redis.call('HMGET', keys[i + 2], 'state', 'orphans', 'version')
    local version = tonumber(show[3] or nil)
    sales[keys[i + 1]] = sales[keys[i + 1]] or fans.open(keys[i + 1])
    list[#list + 1] = {
      sale_key = keys[i], fans = sales[keys[i + 1]], show_key = keys[i + 2], geometry_key = keys[i + 3],
      board_key = keys[i + 4], holds_key = keys[i + 5], deadlines_key = keys[i + 6],
      state = show[1], orphans = show[2], version = version, stored_version = version,
      records = {}, touched = {},
    }
  end
  return list
end

local function board_of(s)
  s.board = s.board or board.open(s.board_key, geometry.of(s.geometry_key))
  return s.board
end

-- Gives seats another letter; each change has its own version of the board.
local function change(s, seats, letter)
  board.mark(board_of(s), seats, letter)
  s.version = s.version + 1
end

local function close(list)
  for _, s in ipairs(list) do
    if next(s.touched) then
      records.close(s)
    end
    if s.version ~= s.stored_version then
      board_write.close(s.board)
      redis.call('HSET', s.show_key, 'version', s.version)
    end
    if next(s.fans.touched) then
      fans.close(s.fans)
    end
  end
end

return { open = open, board = board_of, change = change, close = close }
