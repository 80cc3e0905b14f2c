-- PURPOSE  what this server remembers of showtimes between calls. It is believed only while no gate was opened since
--          and the stored version is the one remembered; a call that breaks off halfway leaves nothing to believe.
-- PROVIDES of keep drop grow
-- USES     gate

-- A showtime weighs its seats, three for each record and a little more, of about 40 bytes each. Once so many looks were
-- taken, or what they were at weighs so much, all that was not looked at since the last such turn is forgotten and read
-- again when asked for: the collector walks through what is remembered again and again, and most of it is over.
local WEIGHT_MAX = 2 * 1000 * 1000
local WEIGHT_EMPTY = 200
local LOOKS_MAX = 50 * 1000
-- The server has the collector take a step every 50 calls, needed or not, so that it never rests; at its usual pace,
-- twice the garbage, an empty call beside large halls cost ten times as much. At half of it what is remembered may
-- take three times its space for a while.
local COLLECTOR_PACE = 50
local kept, older, weight, looks = {}, {}, 0, 0

-- What is not kept has no weight.
local function grow(m, by)
  if m.weight then
    m.weight, weight = m.weight + by, weight + by
  end
end

local function known(key)
  looks = looks + 1
  if looks > LOOKS_MAX or weight > WEIGHT_MAX then
    older, kept, weight, looks = kept, {}, 0, 0
  end
  local m = kept[key]
  if not m and older[key] then
    m, older[key] = older[key], nil
    kept[key], weight = m, weight + m.weight
  end
  return m
end

-- The memory of the board `key`, empty when the stored version is another one; to be kept again at the end of the call.
-- A glance is no look: it uses what is remembered, and nothing is remembered for its sake.
local function of(key, version, is_glance)
  local m
  if is_glance then
    m = kept[key] or older[key]
  else
    m = known(key)
  end
  if not m or m.version ~= version or m.opening ~= gate.openings() then
    m = { opening = gate.openings() }
    if not is_glance then
      m.weight, kept[key] = 0, m
      grow(m, WEIGHT_EMPTY)
      collectgarbage('setstepmul', COLLECTOR_PACE)
    end
  end
  m.version = false
  return m
end

local function keep(m, version)
  m.version = version
end

local function drop(key)
  kept[key], older[key] = nil, nil
end

return { of = of, keep = keep, drop = drop, grow = grow }
