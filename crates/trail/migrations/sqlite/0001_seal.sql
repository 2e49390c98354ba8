-- Signed statements of the trail's state: after `size` leaves the tree has this root. `leaves` are the leaf hashes since
-- the seal before (32 bytes each), `frontier` is what the next seal goes on from. `previous` is unique, so that two
-- sealers can't both continue from the same seal.
CREATE TABLE trail_seal (
    size     INTEGER PRIMARY KEY,
    previous INTEGER NOT NULL UNIQUE,
    root     BLOB    NOT NULL,
    leaves   BLOB    NOT NULL,
    frontier BLOB    NOT NULL,
    note     TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE TRIGGER trail_seal_is_append_only BEFORE UPDATE ON trail_seal
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER trail_seal_is_kept BEFORE DELETE ON trail_seal
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
-- How far each place outside has received the seals.
CREATE TABLE trail_sink (
    name TEXT    PRIMARY KEY,
    size INTEGER NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
