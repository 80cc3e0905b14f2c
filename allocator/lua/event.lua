-- PURPOSE  the shard's stream of records for the ledger: contiguous versions, each with its checksum
-- PROVIDES append bin
-- COST     2 redis calls a record

-- Bytes as msgpack `bin`, which Lua's own packer does not write.
local function bin(text)
  return '\198' .. struct.pack('>I4', #text) .. text
end

local function append(shard, stream, kind, body)
  local version = redis.call('HINCRBY', shard, 'version', 1)
  local sum = redis.sha1hex(version .. ':' .. kind .. ':' .. body)
  redis.call('XADD', stream, version .. '-0', 'kind', kind, 'body', body, 'sum', sum)
  return version
end

return { append = append, bin = bin }
