-- PURPOSE  the frame of all batched verbs: what lapsed goes back first, then each decision sees the effects of those
--          before it, and everything is written at the end
-- PROVIDES run
-- USES     gate showtime overdue records fans
-- COST     open, 1 for the records, 1 for the fans, close; the rest is memory

-- The batch comes by columns: c[1] the numbers of the showtimes (from 0), c[2] the tokens, then the verb's own.
-- `owner` names the fan whose seats decision i counts.
local function read_one(s, c, mine, owner)
  local tokens, owners = {}, {}
  for j, i in ipairs(mine) do
    tokens[j] = c[2][i]
  end
  records.load(s, tokens)
  for _, i in ipairs(owner and mine or {}) do
    owners[#owners + 1] = owner(s, c, i)
  end
  fans.load(s.fans, owners)
end

local function read(list, c, owner)
  local mine = {}
  for number = 1, #list do
    mine[number] = {}
  end
  for i, number in ipairs(c[1]) do
    local one = mine[number + 1]
    one[#one + 1] = i
  end
  for number, s in ipairs(list) do
    read_one(s, c, mine[number], owner)
  end
end

-- `decide` answers with a table or with what it packed itself. `names`, if not nil, is the column of the fans.
local function run(keys, first, now, batch, decide, owner, names)
  local list, c, answers = showtime.open(keys, first), cmsgpack.unpack(batch), {}
  overdue.all(list, now)
  if names and not list[2] then
    records.load(list[1], c[2])
    fans.load(list[1].fans, c[names])
  else
    read(list, c, owner)
  end
  for i, number in ipairs(c[1]) do
    local s = list[number + 1]
    local answer = s.version and decide(s, c, i, now) or { 'NOT_LOADED' }
    answers[i] = type(answer) == 'string' and answer or cmsgpack.pack(answer)
  end
  showtime.close(list)
  return gate.reply(keys[1], now, '\220' .. struct.pack('>I2', #answers) .. table.concat(answers))
end

return { run = run }
