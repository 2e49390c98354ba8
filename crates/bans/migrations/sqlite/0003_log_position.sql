-- How far a jail has read its log files, so that a restart neither misses a line nor counts one twice. Log files belong to
-- a host, the database may serve several. `positions` is JSON of the follower's own: files by device and inode, offsets,
-- and by which bytes a file is known again.
CREATE TABLE log_position (
    host      TEXT    NOT NULL,
    jail      TEXT    NOT NULL,
    positions TEXT    NOT NULL,
    noted_at  INTEGER NOT NULL,
    PRIMARY KEY (host, jail)
) STRICT;
