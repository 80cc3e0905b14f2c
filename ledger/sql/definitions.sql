-- name: lock_definitions
-- Lets one transaction at a time change definitions, so that serials are not spent on repeats.
SELECT pg_advisory_xact_lock(1970498162);

-- name: put_document
-- Stores a plan's document under its digest, once.
INSERT INTO plan_documents (digest, document) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: point_plan
-- Lets a plan's name point at a stored document.
INSERT INTO plans (name, digest, left_out) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, left_out = excluded.left_out;

-- name: find_plan
-- The plan that a name points at.
SELECT p.name, p.digest, p.left_out, d.document FROM plans p JOIN plan_documents d USING (digest)
WHERE p.name = $1;

-- name: all_plans
-- Every named plan.
SELECT p.name, p.digest, p.left_out, d.document FROM plans p JOIN plan_documents d USING (digest)
ORDER BY p.name;

-- name: find_document
-- A plan's document by its digest.
SELECT document FROM plan_documents WHERE digest = $1;

-- name: find_sale
-- A sale by its id.
SELECT id, serial, shard, title, opens_at_ms, draw, capacity, shopping_ms, seats_per_fan, identity,
       claim_ms, hold_ms, pay_ms, presence_ms, seed
FROM sales WHERE id = $1;

-- name: all_sales
-- Every sale, oldest first.
SELECT id, serial, shard, title, opens_at_ms, draw, capacity, shopping_ms, seats_per_fan, identity,
       claim_ms, hold_ms, pay_ms, presence_ms, seed
FROM sales ORDER BY serial;

-- name: insert_sale
-- Stores a new sale, given as an object with the columns' names, and draws its serial.
INSERT INTO sales (id, shard, title, opens_at_ms, draw, capacity, shopping_ms, seats_per_fan, identity,
                   claim_ms, hold_ms, pay_ms, presence_ms, seed)
SELECT id, shard, title, opens_at_ms, draw, capacity, shopping_ms, seats_per_fan, identity,
       claim_ms, hold_ms, pay_ms, presence_ms, seed
FROM jsonb_populate_record(NULL::sales, $1)
RETURNING serial;

-- name: update_sale
-- Changes a sale's rules; its serial, shard and seed stay.
UPDATE sales SET
    title = new.title, opens_at_ms = new.opens_at_ms, draw = new.draw, capacity = new.capacity,
    shopping_ms = new.shopping_ms, seats_per_fan = new.seats_per_fan, identity = new.identity,
    claim_ms = new.claim_ms, hold_ms = new.hold_ms, pay_ms = new.pay_ms, presence_ms = new.presence_ms
FROM jsonb_populate_record(NULL::sales, $1) AS new WHERE sales.id = new.id;

-- name: set_capacity
-- Changes how many shoppers a sale lets in at once.
UPDATE sales SET capacity = $2 WHERE id = $1
RETURNING id, serial, shard, title, opens_at_ms, draw, capacity, shopping_ms, seats_per_fan, identity,
          claim_ms, hold_ms, pay_ms, presence_ms, seed;

-- name: mark_sale_loaded
-- Records that the store has a sale.
UPDATE sales SET loaded = true WHERE id = $1;

-- name: find_showtime
-- A showtime by its id.
SELECT t.id, t.serial, s.id AS sale, t.cinema, t.auditorium, t.film, t.format, t.starts_at_ms, t.time_zone,
       t.plan, t.plan_digest, t.prices, t.service_fee, t.currency, t.blocked, t.sold, t.orphans, t.loaded
FROM showtimes t JOIN sales s ON s.serial = t.sale WHERE t.id = $1;

-- name: all_showtimes
-- Every showtime, oldest first.
SELECT t.id, t.serial, s.id AS sale, t.cinema, t.auditorium, t.film, t.format, t.starts_at_ms, t.time_zone,
       t.plan, t.plan_digest, t.prices, t.service_fee, t.currency, t.blocked, t.sold, t.orphans, t.loaded
FROM showtimes t JOIN sales s ON s.serial = t.sale ORDER BY t.serial;

-- name: insert_showtime
-- Stores a new showtime, given as an object with the columns' names, and draws its serial.
INSERT INTO showtimes (id, sale, cinema, auditorium, film, format, starts_at_ms, time_zone, plan, plan_digest,
                       prices, service_fee, currency, blocked, sold, orphans)
SELECT new.id, $2, new.cinema, new.auditorium, new.film, new.format, new.starts_at_ms, new.time_zone, new.plan,
       new.plan_digest, new.prices, new.service_fee, new.currency, new.blocked, new.sold, new.orphans
FROM jsonb_populate_record(NULL::showtimes, $1) AS new
RETURNING serial;

-- name: update_showtime
-- Changes a showtime that has no orders yet; its serial and sale stay.
UPDATE showtimes SET
    cinema = new.cinema, auditorium = new.auditorium, film = new.film, format = new.format,
    starts_at_ms = new.starts_at_ms, time_zone = new.time_zone, plan = new.plan, plan_digest = new.plan_digest,
    prices = new.prices, service_fee = new.service_fee, currency = new.currency, blocked = new.blocked,
    sold = new.sold, orphans = new.orphans
FROM jsonb_populate_record(NULL::showtimes, $1) AS new WHERE showtimes.id = new.id;

-- name: has_orders
-- Whether anything was ever sold for a showtime.
SELECT EXISTS (SELECT FROM orders o WHERE o.showtime = $1);

-- name: mark_loaded
-- Records that the store has the seats of a showtime.
UPDATE showtimes SET loaded = true WHERE id = $1;
