-- PURPOSE  compiled plans, read once per server and kept in its memory by digest (see allocator/geometry.py)
-- PROVIDES of parse
local CACHED_MAX = 64
local cached, count = {}, 0

-- Positions count seats from 1 (index + 1). Places leave one number free before, between and behind the runs:
-- place = position + number of the run, so that whoever looks beside a block never looks into another run.
local function seats_of(g, runs)
  for r, run in ipairs(runs) do
    g.run_first[r], g.run_length[r] = run[1] + 1, run[2]
    for position = run[1] + 1, run[1] + run[2] do
      g.run_of[position] = r
      g.index_at[position + r] = position - 1
    end
  end
end

local function segments_of(g, segments)
  for k, segment in ipairs(segments) do
    local r, from, to, category = unpack(segment)
    g.seg_run[k], g.seg_from[k], g.seg_to[k] = r, from, to
    for position = g.run_first[r] + from - 1, g.run_first[r] + to - 1 do
      g.seg_of[position], g.category[position + r] = k, category
    end
  end
end

-- `orders[zone][n % 2]`: places, nearest block first; `ranks` turns it round. Zone 0 stands for all categories.
local function orders_of(g, orders)
  for zone, pair in ipairs(orders) do
    g.orders[zone - 1], g.ranks[zone - 1] = { [0] = pair[1], pair[2] }, { [0] = {}, {} }
    for parity = 0, 1 do
      for rank, place in ipairs(pair[parity + 1]) do
        g.ranks[zone - 1][parity][place] = rank
      end
    end
  end
  if g.categories == 1 then
    g.orders[1], g.ranks[1] = g.orders[0], g.ranks[0]
  end
end

local function parse(blob)
  local runs, segments, orders, categories, xs, ys = unpack(cmsgpack.unpack(blob))
  local g = {
    seats = #xs, runs = #runs, x = xs, y = ys, run_first = {}, run_length = {}, run_of = {}, index_at = {},
    packed = {}, seg_run = {}, seg_from = {}, seg_to = {}, seg_of = {}, category = {}, orders = {}, ranks = {},
    categories = categories,
  }
  seats_of(g, runs)
  segments_of(g, segments)
  orders_of(g, orders)
  return g
end

-- The key ends in the digest of its content, so what was parsed once stays right.
local function of(key)
  local digest = string.sub(key, -40)
  local g = cached[digest]
  if not g then
    if count >= CACHED_MAX then
      cached, count = {}, 0
    end
    g = parse(redis.call('GET', key))
    cached[digest], count = g, count + 1
  end
  return g
end

return { of = of, parse = parse }
