-- PURPOSE  the rules of a sale that stand before any seat: is it open, is the pass good, how many may this fan have
-- PROVIDES refusal over plenty
-- USES     fans
-- COST     1 redis call a sale

local function sale_of(s)
  local sale = s.fans.sale
  if not sale then
    local stored = redis.call('HMGET', s.sale_key, 'state', 'reason', 'seats_per_fan')
    sale = { state = stored[1] or 'scheduled', reason = stored[2] or '', seats_per_fan = tonumber(stored[3] or 0) }
    s.fans.sale = sale
  end
  return sale
end

local function closed(sale)
  if sale.state == 'scheduled' then
    return { 'SALE_NOT_OPEN' }
  elseif sale.state == 'paused' then
    return { 'SALE_PAUSED', sale.reason }
  end
  return { 'SALE_CLOSED', sale.state == 'open' }
end

-- The refusal of a fan whose pass is used up or who would have more than the limit with n more seats, or nil.
local function over(s, fan, entry, n)
  if fans.used_up(s.fans, fan, entry) then
    return { 'PASS_USED_UP' }
  end
  local left = (s.fans.sale or sale_of(s)).seats_per_fan - fans.seats(s.fans, fan)
  if n > left then
    return { 'OVER_LIMIT', math.max(left, 0) }
  end
end

-- The refusal of a fan who wants n seats, or nil.
local function refusal(s, fan, entry, n)
  local sale = s.fans.sale or sale_of(s)
  if sale.state ~= 'open' or s.state == 'reclaimed' then
    return closed(sale)
  end
  return over(s, fan, entry, n)
end

-- How many seats a fan who has none yet, nor a pass used up, may have for sure.
local function plenty(s)
  local sale = sale_of(s)
  return sale.state == 'open' and s.state ~= 'reclaimed' and sale.seats_per_fan or -1
end

return { refusal = refusal, over = over, plenty = plenty }
