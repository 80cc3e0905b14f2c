-- PURPOSE  answers kept under the Idempotency-Key of their request, read before a decision and written behind it in the
--          same call: a request that is sent again decides nothing and has its first answer, with the version it had
-- PROVIDES open once close
-- USES     gate
-- COST     1 redis call, and 1 per decision that is kept; without keys nothing

-- For each decision that came with a key: its place in the batch, for how long its answer is kept, in seconds, and
-- a digest of the body. The keys stand in the same order at the end of KEYS.
local ASKED, ASKED_BYTES, DIGEST_BYTES = '>I2I4c16', 22, 16
-- Nothing was done, and anybody could fill the store with such answers; AGAIN is kept by who completes it.
local PASSING = {
  NOT_LOADED = true, SALE_CLOSED = true, UNKNOWN_SALE = true, UNKNOWN_HOLD = true, EXPIRED = true, GIVEN_ANEW = true,
  UNKNOWN_ORDER = true, AGAIN = true,
}

-- What is asked to be kept, nil for nothing, and how many of the KEYS are those of the groups.
local function open(keys, text)
  if not text then
    return nil, #keys
  end
  local count = #text / ASKED_BYTES
  local last = #keys - count
  local stored, asked, found = redis.call('MGET', unpack(keys, last + 1)), {}, {}
  for j = 1, count do
    local place, ttl_s, digest = struct.unpack(ASKED, text, (j - 1) * ASKED_BYTES + 1)
    local key = keys[last + j]
    asked[place], found[key] = { key = key, ttl_s = ttl_s, digest = digest }, stored[j]
  end
  return { asked = asked, found = found, made = {} }, last
end

-- The answer, packed, of the decision at this place: the one kept, or that of `decide`, which tells the word too when
-- that may be none to be kept. It is written at the end, so that a call that breaks off leaves none without its effect;
-- the others of this call see it at once.
local function once(k, shard, now, place, decide)
  local a = k.asked[place]
  local stored = a and k.found[a.key]
  if stored and string.sub(stored, 1, DIGEST_BYTES) ~= a.digest then
    return cmsgpack.pack({ 'MISMATCH' })
  elseif stored then
    -- A list of six: the word, and what is stored, packed already.
    return '\150' .. cmsgpack.pack('KEPT') .. string.sub(stored, DIGEST_BYTES + 1)
  end
  local answer, word = decide(place)
  if a and not PASSING[word] then
    k.head = k.head or gate.version(shard, now)
    k.found[a.key] = a.digest .. k.head .. cmsgpack.pack(place - 1) .. answer
    k.made[#k.made + 1] = a
  end
  return answer
end

-- `k` may be nil.
local function close(k)
  for _, a in ipairs(k and k.made or {}) do
    redis.call('SET', a.key, k.found[a.key], 'EX', a.ttl_s)
  end
end

return { open = open, once = once, close = close }
