-- PURPOSE  what this server remembers of showtimes between calls. It is believed only while no gate was opened since
--          and the stored version is the one remembered; a call that breaks off halfway leaves nothing to believe.
-- PROVIDES of keep drop grow
-- USES     gate

-- A showtime weighs its seats, three for each record and a little more, of about 40 bytes each; at the limit all is
-- forgotten and read again when asked for.
local WEIGHT_MAX = 4 * 1000 * 1000
local WEIGHT_EMPTY = 200
-- The server has the collector take a step every 50 calls, needed or not, so that it never rests; at its usual pace,
-- twice the garbage, an empty call beside large halls cost ten times as much. At half of it what is remembered may
-- take three times its space for a while.
local COLLECTOR_PACE = 50
local kept, weight = {}, 0

local function grow(by)
  weight = weight + by
  if weight > WEIGHT_MAX then
    kept, weight = {}, by
  end
end

-- The memory of the board `key`, empty when the stored version is another one; to be kept again at the end of the call.
local function of(key, version)
  local m = kept[key]
  if not m or m.version ~= version or m.opening ~= gate.openings() then
    grow(WEIGHT_EMPTY)
    m = { opening = gate.openings() }
    kept[key] = m
    collectgarbage('setstepmul', COLLECTOR_PACE)
  end
  m.version = false
  return m
end

local function keep(m, version)
  m.version = version
end

local function drop(key)
  kept[key] = nil
end

return { of = of, keep = keep, drop = drop, grow = grow }
