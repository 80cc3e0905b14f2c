-- PURPOSE  the frame of all batched verbs: what lapsed goes back first, then each decision sees the effects of those
--          before it, and everything is written at the end
-- PROVIDES run
-- USES     showtime overdue records fans
-- COST     open, 1 for the records, 1 for the fans, close; the rest is memory

-- A decision starts with the number of its showtime (from 0) and a token. `owner` names the fan whose seats it counts.
local function read_one(s, asked, owner)
  local tokens, owners = {}, {}
  for i = 1, #asked do
    tokens[i] = asked[i][2]
  end
  records.load(s, tokens)
  for i = 1, owner and #asked or 0 do
    owners[#owners + 1] = owner(s, asked[i])
  end
  fans.load(s.fans, owners)
end

local function read(list, asked, owner)
  local mine = {}
  for i = 1, #list do
    mine[i] = {}
  end
  for i = 1, #asked do
    table.insert(mine[asked[i][1] + 1], asked[i])
  end
  for i, s in ipairs(list) do
    read_one(s, mine[i], owner)
  end
end

-- `decide` answers with a table or with what it packed itself.
local function run(keys, first, now, batch, decide, owner)
  local list, asked, answers = showtime.open(keys, first), cmsgpack.unpack(batch), {}
  overdue.all(list, now)
  read(list, asked, owner)
  for i = 1, #asked do
    local s = list[asked[i][1] + 1]
    local answer = s.version and decide(s, asked[i], now) or { 'NOT_LOADED' }
    answers[i] = type(answer) == 'string' and answer or cmsgpack.pack(answer)
  end
  showtime.close(list)
  return '\220' .. struct.pack('>I2', #answers) .. table.concat(answers)
end

return { run = run }
