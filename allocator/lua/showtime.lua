-- PURPOSE  a showtime as one call sees it: everything read at most once, changed in memory, written back at the end
-- PROVIDES open board change close
-- USES     geometry memory board board_write fans records_write
-- COST     open: 1 redis call a showtime; close: at most 8, and 4 once per showtime

local WIDTH = 7

-- `number` names the bundle of the holds that this call gives, `count` says how many they are.
-- One table per group of keys from keys[first] to keys[last], or to their end; showtimes of one sale share its fans.
-- `version` is nil for a showtime that was never loaded. `is_glance` as in memory.
local function open(keys, first, last, is_glance)
  local list, sales = {}, {}
  for i = first, last or #keys, WIDTH do
    local show = redis.call('HMGET', keys[i + 2], 'state', 'orphans', 'version')
    local version = tonumber(show[3] or nil)
    sales[keys[i + 1]] = sales[keys[i + 1]] or fans.open(keys[i + 1])
    list[#list + 1] = {
      sale_key = keys[i], fans = sales[keys[i + 1]], show_key = keys[i + 2], geometry_key = keys[i + 3],
      board_key = keys[i + 4], holds_key = keys[i + 5], deadlines_key = keys[i + 6],
      state = show[1], orphans = show[2], version = version, stored_version = version,
      memory = version and memory.of(keys[i + 4], version, is_glance) or { where = {} },
      packed = {}, records = {}, bundles = {}, touched = {}, emptied = {}, number = (version or 0) + 1, count = 0,
    }
  end
  return list
end

local function board_of(s)
  if not s.board then
    s.board = s.memory
    if not s.board.free then
      board.fill(s.board, geometry.of(s.geometry_key), redis.call('GET', s.board_key))
      memory.grow(s.memory, s.board.geometry.seats)
    end
  end
  return s.board
end

-- Gives seats another letter; each change has its own version of the board.
local function change(s, seats, letter)
  board.mark(board_of(s), seats, letter)
  s.version = s.version + 1
end

-- A small hash is a list that is searched from its start: a long value makes it a table for good.
local function widen(key)
  redis.call('HSET', key, 'wide', string.rep(' ', 65))
  redis.call('HDEL', key, 'wide')
end

local function close(list)
  for _, s in ipairs(list) do
    records_write.close(s)
    if s.version ~= s.stored_version then
      board_write.close(s.board_key, s.board)
      redis.call('HSET', s.show_key, 'version', s.version)
    end
    if next(s.fans.touched) then
      fans.close(s.fans)
    end
    if s.count > 0 and not s.memory.wide then
      widen(s.fans.key)
      s.memory.wide = true
    end
    memory.keep(s.memory, s.version)
  end
end

return { open = open, board = board_of, change = change, close = close }
