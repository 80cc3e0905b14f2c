-- PURPOSE  gives each asker a place at the end of its sale; an account whose place still lives gets that one
-- KEYS     shard [sale called invited inside presence small middle large]*  (then those of kept; the last three: the
--          account's bucket for each size of crowd; askers without an account share one group)
-- ARGV     now_ms batch asked  (asked: see kept; decision: group, account, ttl_ms, note; account a number of 48 bits,
--          -1 for a guest; ttl_ms of the presence window; note, which may be missing, is told with the new place)
-- RETURNS  NO_EPOCH
--          MISMATCH            the key is that of another request
--          KEPT epoch turn at_ms place answer
--          UNKNOWN_SALE
--          SALE_CLOSED
--          AGAIN entry drawn   the account's living place, not kept; drawn -1 before the open
--          JOINED entry drawn note  entry: how many had joined before
-- COST     5 redis calls per sale and window, 2 to 7 per account, those of kept
-- USES     gate account bits kept packed
local shard = KEYS[1]
local batch, asked = ARGV[2], ARGV[3]
local GROUP_KEYS = 8

local closed, now_ms = gate.check(shard)
if closed then
  return closed
end
local sales, marks = {}, {}

local function sale_of(key)
  if not sales[key] then
    local known = redis.call('HMGET', key, 'state', 'joined', 'drawn')
    local joined = tonumber(known[2] or 0)
    sales[key] = { state = known[1], joined = joined, before = joined, drawn = tonumber(known[3] or -1) }
  end
  return sales[key]
end

local function join(group, number, ttl_ms, note)
  local key, called, invited, inside, presence = unpack(group, 1, 5)
  local sale = sale_of(key)
  if not sale.state or sale.state == 'closed' then
    return { sale.state and 'SALE_CLOSED' or 'UNKNOWN_SALE' }
  end
  local entry, bucket
  local name = number >= 0 and struct.pack('>I6', number)
  if name then
    entry, bucket = account.find(name, { unpack(group, 6) }, sale.joined, called, invited, inside)
  end
  if entry then
    -- Its presence is left to `mark`, which also sees whether its rank was called meanwhile. A bit set here would
    -- make it present and waiting, yet nobody would call it: those behind would be invited first.
    return { 'AGAIN', entry, sale.drawn }
  end
  entry, sale.joined = sale.joined, sale.joined + 1
  if bucket then
    redis.call('HSET', bucket, name, entry)
  end
  marks[presence] = marks[presence] or { sale = sale, ttl_ms = ttl_ms }
  table.insert(marks[presence], entry)
  return { 'JOINED', entry, sale.drawn, note }
end

local rows, answers, k = cmsgpack.unpack(batch), {}, kept.open(KEYS, asked)
local function decided(i)
  local number, account_number, ttl_ms, note = unpack(rows[i])
  local first = 2 + number * GROUP_KEYS
  local answer = join({ unpack(KEYS, first, first + GROUP_KEYS - 1) }, account_number, ttl_ms, note)
  return cmsgpack.pack(answer), answer[1]
end
for i = 1, #rows do
  answers[i] = k and kept.once(k, shard, now_ms, i, decided) or decided(i)
end
for key, sale in pairs(sales) do
  if sale.joined > sale.before then
    redis.call('HSET', key, 'joined', sale.joined)
  end
end
for key, entries in pairs(marks) do
  bits.mark(key, entries, entries.sale.joined, entries.ttl_ms)
end
kept.close(k)
return gate.reply(shard, now_ms, packed.list(answers))
