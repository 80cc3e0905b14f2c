-- PURPOSE  a payment arrived: sells the seats of its order and writes the record for the ledger in the same call.
--          Late money buys the seats if they are still free, else it is written down as to give back.
-- KEYS     shard outbox [sale fans show geometry board holds deadlines]*  (then those of kept)
-- ARGV     now_ms batch asked  (asked: see kept; by columns; decision: showtime token reference amount currency
--          payment)
-- RETURNS  NO_EPOCH                     the whole call
--          MISMATCH                     the key is that of another request
--          KEPT epoch turn at_ms place answer
--          NOT_LOADED                   the showtime is not on sale here
--          UNKNOWN_ORDER
--          REPLAYED word version entry  this payment came before: the first answer
--          ALREADY_PAID version entry   by another payment; this one is recorded as `double`
--          WRONG_AMOUNT amount currency of the order
--          LATE_REFUNDED version entry  recorded as `late`
--          CONFIRMED version entry order
-- COST     as in decisions, and 2 redis calls a payment
-- USES     gate clock decisions showtime fans record records event paid
-- FLAGS    allow-oom
local shard, outbox = KEYS[1], KEYS[2]
local now_ms, batch, asked = tonumber(ARGV[1]), ARGV[2], ARGV[3]

local closed, highest = gate.check(shard)
if closed then
  return closed
end

local function earlier(r, reference)
  for _, payment in ipairs(r.payments) do
    if payment[1] == reference then
      return { 'REPLAYED', payment[2], payment[3], r.entry }
    end
  end
end

-- Writes the record for the ledger, remembers the payment and answers with the word.
local function settle(s, token, r, reference, word, kind, text, due)
  local version = event.append(shard, outbox, kind, text)
  r.payments[#r.payments + 1] = { reference, word, version }
  records.put(s, token, r, due)
  return { word, version, r.entry, word == 'CONFIRMED' and r.order or nil }
end

local function decide(s, c, i, now)
  local token, reference, amount, currency, payment = c[2][i], c[3][i], c[4][i], c[5][i], c[6][i]
  local r = records.of(s, token)
  if not r or not r.order then
    return { 'UNKNOWN_ORDER' }
  end
  local replay = earlier(r, reference)
  if replay then
    return replay
  elseif r.state == 'confirmed' then
    return settle(s, token, r, reference, 'ALREADY_PAID', 'refunded', paid.body(now, r, payment, 'double'))
  elseif amount ~= r.amount or currency ~= r.currency then
    return { 'WRONG_AMOUNT', r.amount, r.currency }
  elseif not paid.obtainable(s, r) then
    r.state = 'refunded'
    local due = record.kept_until(r, now)
    return settle(s, token, r, reference, 'LATE_REFUNDED', 'refunded', paid.body(now, r, payment, 'late'), due)
  end
  fans.add(s.fans, r.fan, r.state == 'awaiting' and 0 or #r.seats)
  fans.use_up(s.fans, r.fan, r.entry)
  showtime.change(s, r.seats, 's')
  r.state = 'confirmed'
  return settle(s, token, r, reference, 'CONFIRMED', 'confirmed', paid.body(now, r, payment))
end

return decisions.run(KEYS, 3, clock.now(shard, now_ms, highest), batch, decide, asked)
