-- PURPOSE  the frame of all batched verbs: what lapsed goes back first, then each decision sees the effects of those
--          before it, and everything is written at the end
-- PROVIDES open read close run
-- USES     gate kept showtime overdue records fans packed
-- COST     open, 1 for the records, 1 for the fans, close, those of kept; the rest is memory

-- The batch comes by columns: c[1] the numbers of the showtimes (from 0), c[2] the tokens, then the verb's own.
-- `asked`: of the verbs that keep answers, which; see there.
local function open(keys, first, now, batch, asked)
  local k, last = kept.open(keys, asked)
  local list, c = showtime.open(keys, first, last), cmsgpack.unpack(batch)
  overdue.all(list, now)
  return list, c, k
end

-- `names`: the column of the fans. Without it a decision counts the seats of the fan whose hold it names.
local function read_one(s, c, mine, names)
  local tokens, owners = {}, {}
  for j, i in ipairs(mine) do
    tokens[j] = c[2][i]
  end
  records.load(s, tokens)
  for _, i in ipairs(mine) do
    local r = not names and records.of(s, c[2][i])
    owners[#owners + 1] = names and names[i] or r and r.fan or nil
  end
  fans.load(s.fans, owners)
end

local function read(list, c, names)
  if names and not list[2] then
    records.load(list[1], c[2])
    fans.load(list[1].fans, names)
    return
  end
  local mine = {}
  for number = 1, #list do
    mine[number] = {}
  end
  for i, number in ipairs(c[1]) do
    table.insert(mine[number + 1], i)
  end
  for number, s in ipairs(list) do
    read_one(s, c, mine[number], names)
  end
end

local function close(shard, now, list, k, answers)
  showtime.close(list)
  kept.close(k)
  return gate.reply(shard, now, packed.list(answers))
end

-- `decide` answers with a table.
local function run(keys, first, now, batch, decide, asked)
  local list, c, k = open(keys, first, now, batch, asked)
  local shard, answers = keys[1], {}
  local function decided(i)
    local s = list[c[1][i] + 1]
    local answer = s.version and decide(s, c, i, now) or { 'NOT_LOADED' }
    return cmsgpack.pack(answer), answer[1]
  end
  read(list, c)
  for i = 1, #c[1] do
    answers[i] = k and kept.once(k, shard, now, i, decided) or decided(i)
  end
  return close(shard, now, list, k, answers)
end

return { open = open, read = read, close = close, run = run }
