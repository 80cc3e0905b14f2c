-- PURPOSE  the bundles of a showtime that one call reads, and the one it makes
-- PROVIDES load record tokens
-- USES     bundle chunks index

local function load(s, numbers)
  local stored = chunks.call('HMGET', s.holds_key, numbers)
  for i, number in ipairs(numbers) do
    s.bundles[number] = stored[i] and bundle.read(stored[i])
  end
end

-- The record at a place of a bundle that was loaded, or of the one that this call makes; nil or false for none.
local function record(s, at)
  local number, i = bundle.split(at)
  local b, given = s.bundles[number], s.given
  if b then
    return bundle.record(b.now, b.columns, i, b.answers[i])
  end
  return given and number == s.number and bundle.record(given.now, given.c, i, cmsgpack.unpack(given.answers[i]))
end

-- The tokens whose records are still in the bundles of the given numbers, which are loaded with it.
local function tokens(s, numbers)
  local where, found = index.of(s), {}
  load(s, numbers)
  for _, number in ipairs(numbers) do
    for i, token in ipairs(s.bundles[number] and s.bundles[number].columns[2] or {}) do
      if where[token] == bundle.place(number, i) then
        found[#found + 1] = token
      end
    end
  end
  return found
end

return { load = load, record = record, tokens = tokens }
