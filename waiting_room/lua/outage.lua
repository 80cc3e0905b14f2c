-- PURPOSE  a line that nobody ticked for longer than fans may be silent: the store, the batch clock or the time itself
--          stood still or jumped. Polls did not arrive either, so nobody can be called absent before all had the time
--          to poll once more, and deadlines that ran meanwhile are moved by as much
-- PROVIDES check
-- USES     lapse log
-- COST     1 redis call, 4 after an outage
-- A fan is told to poll three times in presence_ms: a third is the longest silence of one who does.
local POLLS_PER_PRESENCE = 3

-- True while the line must wait. A paused sale moves its deadlines when it resumes; a sale that is not open yet
-- has none, but would call everybody absent if it opened now.
local function check(sale, invited, inside, admissions, r, now_ms)
  local silence_ms = math.ceil(r.presence_ms / POLLS_PER_PRESENCE)
  local gap_ms = now_ms - (r.ticked_ms or now_ms)
  local still_until_ms = gap_ms > silence_ms and now_ms + silence_ms or r.still_until_ms
  if gap_ms > silence_ms and r.state == 'open' then
    local by_ms = lapse.whole_seconds(gap_ms)
    lapse.extend(invited, by_ms)
    lapse.extend(inside, by_ms)
    log.one(admissions, 'x', 0, now_ms, by_ms)
  end
  redis.call('HSET', sale, 'ticked_ms', now_ms, 'still_until_ms', still_until_ms)
  return now_ms < still_until_ms
end

return { check = check }
