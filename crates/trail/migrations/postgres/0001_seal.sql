-- Signed statements of the trail's state: after `size` leaves the tree has this root. `leaves` are the leaf hashes since
-- the seal before (32 bytes each), `frontier` is what the next seal goes on from. `previous` is unique, so that two
-- sealers can't both continue from the same seal.
CREATE TABLE trail_seal (
    size     BIGINT PRIMARY KEY,
    previous BIGINT NOT NULL UNIQUE,
    root     BYTEA  NOT NULL,
    leaves   BYTEA  NOT NULL,
    frontier BYTEA  NOT NULL,
    note     TEXT   NOT NULL,
    at       BIGINT NOT NULL
);
-- How far each place outside has received the seals.
CREATE TABLE trail_sink (
    name TEXT   PRIMARY KEY,
    size BIGINT NOT NULL,
    at   BIGINT NOT NULL
);
