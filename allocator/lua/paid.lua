-- PURPOSE  what a payment can still get, and the body of its record for the ledger
-- PROVIDES obtainable body
-- USES     board showtime event sale_rules

-- True when the seats are the order's own, or free again after it lapsed, in a showtime that still sells, to a fan
-- whose pass and limit still allow it.
local function obtainable(s, r)
  if r.state == 'awaiting' then
    return true
  elseif r.state == 'refunded' or s.state == 'reclaimed' or sale_rules.over(s, r.fan, r.entry, #r.seats) then
    return false
  end
  for _, index in ipairs(r.seats) do
    if board.at(showtime.board(s), index) ~= '.' then
      return false
    end
  end
  return true
end

-- As in allocator/outbox.py: [at_ms, order, payment] and, for money to give back, why, else what is left of the hold.
local function body(now, r, payment, why)
  local told = cmsgpack.pack(now) .. event.bin(r.order) .. event.bin(payment)
  if why then
    return '\148' .. told .. cmsgpack.pack(why)
  end
  return '\151' .. told .. cmsgpack.pack(r.created_ms, r.deadline_ms, r.together, r.pay_by_ms)
end

return { obtainable = obtainable, body = body }
