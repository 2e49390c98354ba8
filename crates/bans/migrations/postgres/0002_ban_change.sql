-- How far the bans have come, so that every node learns what others have changed. A change takes the next number and
-- holds its row until it is committed: whoever has read up to a number has missed none before it. `change_no` is the
-- number of a ban's latest change; bans of before have none, and are read when a node starts.
CREATE TABLE ban_change (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);
ALTER TABLE ban ADD COLUMN change_no BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ban_change_no ON ban (change_no);
