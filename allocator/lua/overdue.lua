-- PURPOSE  gives back what lapsed: seats of holds and unpaid orders past their deadline, and old records
-- PROVIDES all back
-- USES     showtime fans record records
-- COST     nothing while the next deadline is known to lie ahead, else 2 redis calls, and 2 more for all that is due;
--          bounded by the seats of the hall

local NEVER_MS = 2 ^ 53

-- Frees the seats of a held or awaiting record, which then says `state`, and the pass of an order.
local function back(s, token, r, state, now)
  fans.load(s.fans, { r.fan })
  fans.give_back(s.fans, r.fan, r.state == 'awaiting' and r.entry)
  fans.add(s.fans, r.fan, -#r.seats)
  showtime.change(s, r.seats, '.')
  r.state = state
  records.put(s, token, r, record.kept_until(r, now))
end

-- A token alone is the latest word on it; one of a bundle is a plain hold.
local function look(s, token, is_alone, now)
  local r = records.of(s, token)
  if r and (r.state == 'held' and r.deadline_ms <= now or r.state == 'awaiting' and is_alone) then
    back(s, token, r, 'expired', now)
    return 1
  elseif is_alone then
    records.forget(s, token)
  elseif r and r.state == 'held' then
    return 0, r.deadline_ms
  end
  return 0
end

local function load_fans(s, tokens)
  local owners = {}
  for _, token in ipairs(tokens) do
    local r = records.of(s, token)
    owners[#owners + 1] = r and r.fan or nil
  end
  fans.load(s.fans, owners)
end

-- Number of holds and unpaid orders that lapsed.
local function sweep(s, now)
  local m = s.memory
  if m.due_ms and now < m.due_ms then
    return 0
  end
  local due, lapsed = redis.call('ZRANGEBYSCORE', s.deadlines_key, '-inf', now), 0
  if #due == 0 then
    local nearest = redis.call('ZRANGE', s.deadlines_key, 0, 0, 'WITHSCORES')
    m.due_ms = tonumber(nearest[2] or NEVER_MS)
    return 0
  end
  m.due_ms = nil
  local tokens, alone, numbers = records.named(s, due)
  load_fans(s, tokens)
  local left_ms = 'never'
  for i, token in ipairs(tokens) do
    local gone, due_ms = look(s, token, alone[i], now)
    lapsed, left_ms = lapsed + gone, due_ms and (left_ms == 'never' or due_ms < left_ms) and due_ms or left_ms
  end
  for _, number in ipairs(numbers) do
    s.emptied[number] = left_ms
  end
  return lapsed
end

local function all(list, now)
  local lapsed = 0
  for _, s in ipairs(list) do
    if s.version then
      lapsed = lapsed + sweep(s, now)
    end
  end
  return lapsed
end

return { all = all, back = back }
