-- PURPOSE  the frame of all batched verbs: what lapsed goes back first, then each decision sees the effects of those
--          before it, and everything is written at the end
-- PROVIDES run
-- USES     showtime overdue records fans
-- COST     open, 1 for the records, 1 for the fans, close; the rest is memory

-- A decision starts with the number of its showtime (from 0) and a token. `owner` names the fan whose seats it counts.
local function read(list, asked, owner)
  local tokens = {}
  for i = 1, #list do
    tokens[i] = {}
  end
  for i = 1, #asked do
    local mine = tokens[asked[i][1] + 1]
    mine[#mine + 1] = asked[i][2]
  end
  for i, s in ipairs(list) do
    records.load(s, tokens[i])
  end
  local owners = {}
  for i = 1, #asked do
    local s = list[asked[i][1] + 1]
    local fan = owner and owner(s, asked[i])
    owners[s.fans] = owners[s.fans] or {}
    table.insert(owners[s.fans], fan)
  end
  for f, names in pairs(owners) do
    fans.load(f, names)
  end
end

local function run(keys, first, now, batch, decide, owner)
  local list, asked, answers = showtime.open(keys, first), cmsgpack.unpack(batch), {}
  overdue.all(list, now)
  read(list, asked, owner)
  for i = 1, #asked do
    local s = list[asked[i][1] + 1]
    answers[i] = s.version and decide(s, asked[i], now) or { 'NOT_LOADED' }
  end
  showtime.close(list)
  return cmsgpack.pack(answers)
end

return { run = run }
