-- PURPOSE  who of some fans is present: has a bit in one of the windows around now
-- PROVIDES look
-- USES     bits
-- COST     7 redis calls per 1000 fans
-- 'present', 'called' (and present) or 'absent' for each fan, as the store stands in this very call.
local function look(called, windows, fans)
  local words, present, places = {}, {}, {}
  local seen = {}
  for _, window in ipairs(windows) do
    seen[#seen + 1] = redis.call('EXISTS', window) == 1 and bits.read(window, fans) or nil
  end
  for i = 1, #fans do
    words[i] = 'absent'
    for _, window in ipairs(seen) do
      if window[i] == 1 then
        words[i], present[#present + 1], places[#places + 1] = 'present', fans[i], i
        break
      end
    end
  end
  for n, done in ipairs(bits.read(called, present)) do
    words[places[n]] = done == 1 and 'called' or 'present'
  end
  return words
end

return { look = look }
