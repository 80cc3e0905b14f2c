-- PURPOSE  gives each asker a place at the end of its sale; an account whose place still lives gets that one
-- KEYS     shard [sale called invited inside presence small middle large]*   (the last three: the account's bucket
--          for each size of crowd; askers without an account share one group)
-- ARGV     now_ms batch   (decision: group, account, ttl_ms; account a number of 48 bits, -1 for a guest;
--          ttl_ms of the presence window)
-- RETURNS  NO_EPOCH
--          UNKNOWN_SALE
--          SALE_CLOSED
--          AGAIN entry drawn   the account's living place; drawn -1 before the open
--          JOINED entry drawn  entry: how many had joined before
-- COST     5 redis calls per sale and window, 2 to 7 per account
-- USES     gate account bits
local shard = KEYS[1]
local batch = ARGV[2]
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

local function join(group, number, ttl_ms)
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
  return { 'JOINED', entry, sale.drawn }
end

local answers = {}
for i, decision in ipairs(cmsgpack.unpack(batch)) do
  local first = 2 + decision[1] * GROUP_KEYS
  answers[i] = join({ unpack(KEYS, first, first + GROUP_KEYS - 1) }, decision[2], decision[3])
end
for key, sale in pairs(sales) do
  if sale.joined > sale.before then
    redis.call('HSET', key, 'joined', sale.joined)
  end
end
for key, entries in pairs(marks) do
  bits.mark(key, entries, entries.sale.joined, entries.ttl_ms)
end
return gate.tell(shard, now_ms, answers)
