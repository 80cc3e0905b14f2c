-- PURPOSE  the record of a hold and of the order it becomes: a msgpack array in the showtime's holds, under its token
--          (that of a hold where nothing happened yet is in a bundle)
-- PROVIDES read write kept_until

-- Layout, the same in allocator/record.py: state fan entry deadline_ms created_ms seats together, and once it is an
-- order: pay_by_ms amount currency order payments. States: held released expired awaiting confirmed refunded. A payment
-- is {provider and reference, the word it was answered, outbox version of its effect}.
local function read(bytes)
  local f = cmsgpack.unpack(bytes)
  return {
    state = f[1], fan = f[2], entry = f[3], deadline_ms = f[4], created_ms = f[5], seats = f[6], together = f[7],
    pay_by_ms = f[8], amount = f[9], currency = f[10], order = f[11], payments = f[12],
  }
end

local function write(r)
  if r.order then
    return cmsgpack.pack({
      r.state, r.fan, r.entry, r.deadline_ms, r.created_ms, r.seats, r.together,
      r.pay_by_ms, r.amount, r.currency, r.order, r.payments,
    })
  end
  return cmsgpack.pack({ r.state, r.fan, r.entry, r.deadline_ms, r.created_ms, r.seats, r.together })
end

-- Money may still come for an order that lapsed; a hold never ordered is kept only for repeated requests.
local KEPT_HOLD_MS = 3600 * 1000
local KEPT_ORDER_MS = 7 * 24 * 3600 * 1000

-- Not before its first deadline: until then the bundle that it came from may still tell of a hold.
local function kept_until(r, now)
  return math.max(now + (r.order and KEPT_ORDER_MS or KEPT_HOLD_MS), r.deadline_ms)
end

return { read = read, write = write, kept_until = kept_until }
