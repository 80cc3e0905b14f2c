-- PURPOSE  the records of a showtime in one call: read at once, changed in memory, written by records_write
-- PROVIDES load of named put forget
-- USES     record bundle bundles chunks index

-- Reads the records of the tokens, to be unpacked when somebody asks.
local function load(s, tokens)
  local where, own, numbers = index.of(s), {}, {}
  for i = 1, #tokens do
    local at = where[tokens[i]]
    if at == true then
      own[#own + 1] = tokens[i]
    elseif at then
      local number = bundle.split(at)
      if s.bundles[number] == nil then
        s.bundles[number], numbers[#numbers + 1] = false, number
      end
    end
  end
  local stored = chunks.call('HMGET', s.holds_key, own)
  for i = 1, #own do
    s.packed[own[i]] = stored[i] or nil
  end
  bundles.load(s, numbers)
end

-- The record of a token that was loaded; nil or false when there is none.
local function of(s, token)
  local r, at = s.records[token], s.memory.where[token]
  if r == nil and at then
    if at ~= true then
      r = bundles.record(s, at)
    elseif s.packed[token] then
      r = record.read(s.packed[token])
    end
    s.records[token] = r
  end
  return r
end

-- Remembers a changed record; `due` is when the sweeper must look at it, nil for never.
local function put(s, token, r, due)
  s.records[token], s.touched[token] = r, due or 'never'
end

local function forget(s, token)
  s.records[token], s.touched[token] = false, 'never'
end

-- The tokens that entries of the deadlines stand for, whether each has its entry to itself, and the bundles among them.
-- Of a bundle only those count whose records are still in it.
local function named(s, entries)
  local tokens, alone, numbers = {}, {}, {}
  for _, entry in ipairs(entries) do
    if string.find(entry, '-', 1, true) then
      tokens[#tokens + 1], alone[#alone + 1] = entry, true
    else
      numbers[#numbers + 1] = tonumber(entry)
    end
  end
  bundles.load(s, numbers)
  for _, token in ipairs(bundles.tokens(s, numbers)) do
    tokens[#tokens + 1], alone[#alone + 1] = token, false
  end
  load(s, tokens)
  return tokens, alone, numbers
end

return { load = load, of = of, named = named, put = put, forget = forget }
