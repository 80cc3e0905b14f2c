-- PURPOSE  writes back what one call changed in the records of a showtime
-- PROVIDES close
-- USES     record bundle chunks index
-- COST     at most 4 redis calls

-- What is to be written: HSET and HDEL of the holds, ZADD and ZREM of the deadlines.
local function changes(s)
  local where, set, gone, due, done = index.of(s), {}, {}, {}, {}
  if s.count > 0 then
    local g = s.given
    set = { s.number, bundle.write(where, s.number, s.count, g.now, g.batch, g.c, g.answers) }
    due = { s.due_ms, s.number }
    index.made(s, s.number, s.count)
  end
  for token, at in pairs(s.touched) do
    local r = s.records[token]
    local empty = index.moved(s, token, r and true or nil)
    if empty then
      s.emptied[empty] = 'never'
    end
    if r then
      set[#set + 1], set[#set + 2] = token, record.write(r)
    else
      gone[#gone + 1] = token
    end
    if at == 'never' then
      done[#done + 1] = token
    else
      due[#due + 1], due[#due + 2] = at, token
    end
  end
  for number, at in pairs(s.emptied) do
    if at == 'never' then
      gone[#gone + 1], done[#done + 1] = number, number
    else
      due[#due + 1], due[#due + 2] = at, number
    end
  end
  return set, gone, due, done
end

local function close(s)
  if s.count == 0 and not next(s.touched) and not next(s.emptied) then
    return
  end
  local set, gone, due, done = changes(s)
  local holds, times, m = s.holds_key, s.deadlines_key, s.memory
  chunks.call('HSET', holds, set)
  chunks.call('HDEL', holds, gone)
  chunks.call('ZADD', times, due)
  chunks.call('ZREM', times, done)
  for i = 1, #due, 2 do
    m.due_ms = m.due_ms and math.min(m.due_ms, due[i])
  end
end

return { close = close }
