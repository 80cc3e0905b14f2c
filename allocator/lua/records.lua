-- PURPOSE  the records of a showtime in one call: read at once, changed in memory, written at once
-- PROVIDES load of add put forget close
-- USES     record chunks
-- COST     load: 1 redis call; close: at most 4

-- Reads the records of the tokens, to be unpacked when somebody asks.
local function load(s, tokens)
  local stored, packed = chunks.call('HMGET', s.holds_key, tokens), s.packed
  for i = 1, #tokens do
    if stored[i] then
      packed[tokens[i]] = stored[i]
    end
  end
end

-- The record of a token that was loaded; nil or false when there is none.
local function of(s, token)
  local r = s.records[token]
  if r == nil and s.packed[token] then
    r = record.read(s.packed[token])
    s.records[token] = r
  end
  return r
end

-- A new hold, packed already. Those of one call with one deadline share an entry among the deadlines.
local function add(s, token, bytes, due)
  local set, mates, n = s.set, s.mates[due], #s.set
  set[n + 1], set[n + 2] = token, bytes
  s.packed[token] = bytes
  if mates then
    mates[#mates + 1] = token
  else
    s.mates[due] = { token }
  end
end

-- Remembers a changed record; `due` is when the sweeper must look at it, nil for never.
local function put(s, token, r, due)
  s.records[token], s.touched[token] = r, due or 'never'
end

local function forget(s, token)
  s.records[token], s.touched[token] = false, 'never'
end

-- What is to be written: HSET and HDEL of the holds, ZADD and ZREM of the deadlines.
local function changes(s)
  local set, gone, due, done = s.set, {}, {}, s.seen
  for at, tokens in pairs(s.mates) do
    due[#due + 1], due[#due + 2] = at, table.concat(tokens, ' ')
  end
  for token, at in pairs(s.touched) do
    if s.records[token] then
      set[#set + 1], set[#set + 2] = token, record.write(s.records[token])
    else
      gone[#gone + 1] = token
    end
    if at == 'never' then
      done[#done + 1] = token
    else
      due[#due + 1], due[#due + 2] = at, token
    end
  end
  return set, gone, due, done
end

local function close(s)
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

return { load = load, of = of, add = add, put = put, forget = forget, close = close }
