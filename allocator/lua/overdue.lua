-- PURPOSE  gives back what lapsed: seats of holds and unpaid orders past their deadline, and old records
-- PROVIDES all back
-- USES     showtime fans record records
-- COST     1 redis call when nothing is due, else 2 more for all; bounded by the seats of the hall

-- Frees the seats of a held or awaiting record, which then says `state`.
local function back(s, token, r, state, now)
  fans.load(s.fans, { r.fan })
  fans.add(s.fans, r.fan, -#r.seats)
  showtime.change(s, r.seats, '.')
  r.state = state
  records.put(s, token, r, record.kept_until(r, now))
end

-- Number of holds and unpaid orders that lapsed.
local function sweep(s, now)
  local due = redis.call('ZRANGEBYSCORE', s.deadlines_key, '-inf', now)
  if #due == 0 then
    return 0
  end
  records.load(s, due)
  local owners, lapsed = {}, 0
  for _, token in ipairs(due) do
    local r = s.records[token]
    owners[#owners + 1] = r and r.fan or nil
  end
  fans.load(s.fans, owners)
  for _, token in ipairs(due) do
    local r = s.records[token]
    if r and (r.state == 'held' or r.state == 'awaiting') then
      back(s, token, r, 'expired', now)
      lapsed = lapsed + 1
    else
      records.forget(s, token)
    end
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
