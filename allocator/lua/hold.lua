-- PURPOSE  holds seats for fans: those picked, or the best n, each decision on its own
-- KEYS     shard [sale fans show geometry board holds deadlines]*  (then those of kept)
-- ARGV     now_ms batch asked  (asked: see kept; decision, by columns: showtime token fan entry terms seats; terms: the
--          text `hold_ms staff n from to split`, for the best n of the categories from..to; staff need not mind the
--          single seat; seats: indices, false for the best ones)
-- RETURNS  NO_EPOCH                        the whole call
--          MISMATCH                        the key is that of another request
--          KEPT epoch turn at_ms place answer
--          NOT_LOADED                      the showtime is not on sale here
--          REPLAYED seats until together   the token was used before: the first answer
--          SALE_NOT_OPEN
--          SALE_PAUSED reason
--          SALE_CLOSED reclaimed           true when only the showtime was reclaimed
--          PASS_USED_UP
--          OVER_LIMIT left
--          NO_SUCH_SEATS numbers           places in the request
--          TAKEN seats
--          LEAVES_SINGLE seat instead
--          SOLD_OUT
--          NO_FIT largest version
--          HELD seats until together       or only the first seat of a block, until hold_ms after the call's time
-- COST     as in decisions; a decision looks at the next few blocks of a ranking
-- USES     gate clock decisions kept sale_rules seating showtime records bundle index terms
local shard = KEYS[1]
local now_ms, batch, asked = tonumber(ARGV[1]), ARGV[2], ARGV[3]

local closed, highest = gate.check(shard)
if closed then
  return closed
end

local now = clock.now(shard, now_ms, highest)
local list, c, k = decisions.open(KEYS, 2, now, batch, asked)
local numbers, tokens, names, entries, texts, wishes = unpack(c)
local answers, known, take = {}, terms.known(), seating.take

-- Looking into tables is what a decision costs, so each is looked into once.
local function decide(s, i)
  if not s.version then
    return nil, { 'NOT_LOADED' }
  end
  local token, fan, t, where, counted = tokens[i], names[i], known[texts[i]] or terms.of(texts[i]), s.where, s.counted
  local old = where[token] and records.of(s, token)
  if old then
    return nil, { 'REPLAYED', old.seats, old.deadline_ms, old.together }
  end
  local n, number, hold_ms = t.n, counted[fan], t.hold_ms
  if number ~= 0 or n > s.plenty then
    local refusal = sale_rules.refusal(s, fan, entries[i], n)
    if refusal then
      return nil, refusal
    end
  end
  local answer, refusal = take(s, t, n, wishes[i], now + hold_ms)
  if answer then
    counted[fan], s.changed[fan], where[token], s.count = number + n, true, s.first_place + i, s.count + 1
    if hold_ms ~= s.hold_ms then
      s.due_ms, s.hold_ms = math.min(s.due_ms or math.huge, now + hold_ms), hold_ms
    end
  end
  return answer, refusal
end

decisions.read(list, c, names)
for _, s in ipairs(list) do
  if s.version then
    s.where, s.tidily, s.plenty = index.of(s), s.orphans ~= 'off', sale_rules.plenty(s)
    s.counted, s.changed, s.first_place = s.fans.packed, s.fans.touched, bundle.place(s.number, 0)
    s.given = { now = now, batch = batch, c = c, answers = answers }
    showtime.board(s)
  end
end
local function decided(i)
  local answer, refusal = decide(list[numbers[i] + 1], i)
  return answer or cmsgpack.pack(refusal), refusal and refusal[1]
end
for i = 1, #tokens do
  answers[i] = k and kept.once(k, shard, now, i, decided) or decided(i)
end
return decisions.close(shard, now, list, k, answers)
