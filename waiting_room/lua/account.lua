-- PURPOSE  where the place of an account is kept: small hashes of about 100 accounts, which stay compact. A crowd
--          is small, middle or large, with 64, 1024 or 16384 buckets, so that the first fans do not pay for millions;
--          an account that joined when the crowd was smaller is found in its older bucket
-- PROVIDES find
-- COST     1 to 3 redis calls, 3 more for one that joined before
local SMALL_MAX, MIDDLE_MAX = 6400, 102400

local function level_of(joined)
  return joined < SMALL_MAX and 1 or joined < MIDDLE_MAX and 2 or 3
end

-- The entry of the account's living place or nil, and the bucket that its place belongs into.
local function find(account, buckets, joined, called, invited, inside)
  for level = 1, level_of(joined) do
    local entry = redis.call('HGET', buckets[level], account)
    if entry then
      local gone = redis.call('GETBIT', called, entry) == 1
        and not redis.call('ZSCORE', invited, entry) and not redis.call('ZSCORE', inside, entry)
      return not gone and tonumber(entry) or nil, buckets[level]
    end
  end
  return nil, buckets[level_of(joined)]
end

return { find = find }
