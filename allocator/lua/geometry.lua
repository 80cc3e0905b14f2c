-- PURPOSE  compiled plans, read once per server and kept in its memory by digest (see allocator/geometry.py)
-- PROVIDES of parse
local CACHED_MAX = 64
local cached, count = {}, 0

-- Seat positions count from 1 here (index + 1); `from` and `to` of a segment are places within its run.
local function parse(blob)
  local runs, segments, ranges, xs, ys = unpack(cmsgpack.unpack(blob))
  local g = {
    seats = #xs, runs = #runs, segments = #segments, x = xs, y = ys, run_first = {}, run_length = {}, run_of = {},
    seg_run = {}, seg_from = {}, seg_to = {}, seg_ideal = {}, seg_near = {}, seg_bound = {}, seg_whole = {},
    seg_of = {}, cat_first = {}, cat_last = {}, categories = #ranges,
  }
  for r, run in ipairs(runs) do
    g.run_first[r], g.run_length[r] = run[1] + 1, run[2]
    for position = run[1] + 1, run[1] + run[2] do
      g.run_of[position] = r
    end
  end
  for k, segment in ipairs(segments) do
    local r, from, to, ideal, near = unpack(segment)
    g.seg_run[k], g.seg_from[k], g.seg_to[k], g.seg_ideal[k], g.seg_near[k] = r, from, to, ideal, near
    g.seg_bound[k], g.seg_whole[k] = near[ideal], from == 1 and to == g.run_length[r]
    for position = g.run_first[r] + from - 1, g.run_first[r] + to - 1 do
      g.seg_of[position] = k
    end
  end
  for c, range in ipairs(ranges) do
    g.cat_first[c], g.cat_last[c] = range[1], range[2]
  end
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
