-- name: raise_alarm
-- Opens an alarm, or counts an open one again with its newest detail.
INSERT INTO alarms (name, subject, detail, raised_ms, seen_ms) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (name, subject) WHERE closed_ms IS NULL
DO UPDATE SET detail = excluded.detail, seen_ms = excluded.seen_ms, times = alarms.times + 1;

-- name: close_alarm
-- Closes an open alarm, if there is one.
UPDATE alarms SET closed_ms = greatest($3, raised_ms) WHERE name = $1 AND subject = $2 AND closed_ms IS NULL;

-- name: end_alarm
-- Closes an alarm by its number, if it is open.
UPDATE alarms SET closed_ms = greatest($2, raised_ms) WHERE id = $1 AND closed_ms IS NULL
RETURNING id, name, subject, detail, raised_ms, seen_ms, times, closed_ms;

-- name: find_alarm
-- An alarm by its number, open or closed.
SELECT id, name, subject, detail, raised_ms, seen_ms, times, closed_ms FROM alarms WHERE id = $1;

-- name: open_alarms
-- What an operator must look at, newest first.
SELECT id, name, subject, detail, raised_ms, seen_ms, times, closed_ms
FROM alarms WHERE closed_ms IS NULL ORDER BY seen_ms DESC, id DESC LIMIT $1;

-- name: dead_letters
-- Records that could not be written, newest first.
SELECT shard, version, kind, body, sum, why, at_ms FROM dead_letters
ORDER BY at_ms DESC, shard, version DESC LIMIT $1;

-- name: conflicts
-- Orders that came second to a seat, newest first.
SELECT c.token, t.id AS showtime, c.seat, c.owner, c.shard, c.version, c.at_ms
FROM conflicts c JOIN showtimes t ON t.serial = c.showtime
ORDER BY c.at_ms DESC, c.token, c.seat LIMIT $1;
