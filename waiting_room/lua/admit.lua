-- PURPOSE  one tick of the batch clock: ends what has lapsed, opens a sale whose time has come, and invites present
--          fans in rank order while there is room; ticks of several clocks do not harm each other
-- KEYS     shard sale invited inside returned called admissions before present after
--          (the last three: the presence windows around now)
-- ARGV     now_ms drawn serving entries   (drawn, serving as the caller knows them, drawn -1 before the open;
--          entries u32 big-endian of the ranks serving, serving + 1, ..., at most 2000)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          IDLE state serving drawn joined room now_ms   it is not open; only lapses were ended
--          STILL state serving drawn joined room now_ms  after an outage, polls are given time to arrive
--          FULL state serving drawn joined room now_ms   there is no room
--          MOVED state serving drawn joined room now_ms  there is room; the line stood elsewhere than the caller knew,
--                                                        or more who came back are to be looked at
--          SHORT state serving drawn joined room now_ms  there is room; all given ranks are called
-- COST     14 redis calls, 8 more per 250 ranks, 2 more per 1000 lapsed or invited; the leaves hold the bounds
-- USES     gate clock rules line invitation log lapse opening outage
local shard, sale, invited, inside, returned = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local called, admissions, before, present, after = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local now_ms, drawn, serving, entries = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local closed = gate.check(shard)
if closed then
  return closed
end
local r = rules.of(sale)
if not r then
  return gate.tell(shard, now_ms, { 'UNKNOWN_SALE' })
end
now_ms = clock.now(shard, now_ms)
local still = outage.check(sale, invited, inside, admissions, r, now_ms)
local lapsed, windows = {}, { before, present, after }
for _, key in ipairs(r.state == 'paused' and {} or { invited, inside }) do
  for _, entry in ipairs(lapse.expire(key, now_ms)) do
    lapsed[#lapsed + 1] = log.record('t', entry, now_ms)
  end
end
log.write(admissions, lapsed)
if r.state == 'scheduled' and now_ms >= r.opens_at_ms then
  r.state, r.drawn = 'open', opening.open(sale, admissions, now_ms)
end
local room = math.max(0, r.capacity - redis.call('ZCARD', invited) - redis.call('ZCARD', inside))
local function answer(word)
  return gate.tell(shard, now_ms, { word, r.state, r.serving, r.drawn, r.joined, room, now_ms })
end
if r.state ~= 'open' or still or room == 0 then
  return answer(r.state ~= 'open' and 'IDLE' or still and 'STILL' or 'FULL')
end

local chosen, records, none_left = line.back(returned, called, windows, room, now_ms)
local moved = drawn ~= r.drawn or serving ~= r.serving or not none_left
if not moved and #chosen < room then
  -- Nobody is called who has not joined, whatever the caller sent.
  local listed = line.entries(entries, r.joined - r.serving)
  local next_ones, count = line.ahead(called, windows, listed, room - #chosen)
  for _, entry in ipairs(next_ones) do
    chosen[#chosen + 1] = entry
  end
  r.serving = r.serving + count
end
invitation.send(invited, called, chosen, records, now_ms, r.claim_ms)
if r.serving > serving and not moved then
  redis.call('HSET', sale, 'serving', r.serving)
  records[#records + 1] = log.record('s', r.serving, now_ms)
end
log.write(admissions, records)
room = room - #chosen
return answer(room == 0 and 'FULL' or moved and 'MOVED' or 'SHORT')
