-- PURPOSE  the records of a showtime in one call: read at once, changed in memory, written at once
-- PROVIDES load put forget close
-- USES     record chunks
-- COST     load: 1 redis call; close: at most 4

-- Reads the records of the tokens into s.records; false where there is none.
local function load(s, tokens)
  if #tokens == 0 then
    return
  end
  local packed = chunks.call('HMGET', s.holds_key, tokens)
  for i, token in ipairs(tokens) do
    if s.records[token] == nil then
      s.records[token] = packed[i] and record.read(packed[i]) or false
    end
  end
end

-- Remembers a changed record; `due` is when the sweeper must look at it, nil for never.
local function put(s, token, r, due)
  s.records[token], s.touched[token] = r, due or 'never'
end

local function forget(s, token)
  s.records[token], s.touched[token] = false, 'never'
end

local function close(s)
  local set, gone, due, done = {}, {}, {}, {}
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
  for command, list in pairs({ HSET = set, HDEL = gone }) do
    if #list > 0 then
      chunks.call(command, s.holds_key, list)
    end
  end
  for command, list in pairs({ ZADD = due, ZREM = done }) do
    if #list > 0 then
      chunks.call(command, s.deadlines_key, list)
    end
  end
end

return { load = load, put = put, forget = forget, close = close }
