-- Operators also close alarms; that is logged with every sale of the alarm's shard.

ALTER TABLE actions DROP CONSTRAINT actions_verb_check;
ALTER TABLE actions ADD CONSTRAINT actions_verb_check
    CHECK (verb IN ('open', 'pause', 'resume', 'close', 'capacity', 'close-alarm'));
