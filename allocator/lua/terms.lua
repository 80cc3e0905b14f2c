-- PURPOSE  what a fan asks for apart from who asks: the same few texts over and over, so each is read once
-- PROVIDES of known
local KNOWN_MAX = 1000
local known, count = {}, 0

-- `hold_ms staff n from to split`, numbers all of them; staff and split are 0 or 1.
local function of(text)
  local t = known[text]
  if not t then
    if count >= KNOWN_MAX then
      known, count = {}, 0
    end
    local hold_ms, staff, n, from, to, split = string.match(text, '^(%d+) (%d) (%d+) (%d+) (%d+) (%d)$')
    t = { hold_ms = tonumber(hold_ms), staff = staff == '1', n = tonumber(n), split = split == '1' }
    t.from, t.to = tonumber(from), tonumber(to)
    -- The ranking of one category, or of all.
    t.zone = t.from == t.to and t.from or 0
    known[text], count = t, count + 1
  end
  return t
end

-- Those that were read, by their text.
local function all()
  return known
end

return { of = of, known = all }
