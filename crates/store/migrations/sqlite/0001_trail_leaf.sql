-- The trail's leaves. One row is one event; the parts can be erased one by one with their salts (see palisade-base, leaf.rs).
CREATE TABLE trail_leaf (
    seq         INTEGER PRIMARY KEY,
    version     INTEGER NOT NULL,
    commitments BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    category    TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    resource    TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    what_salt   BLOB    NOT NULL,
    address     TEXT,
    session     TEXT,
    request     TEXT,
    agent       TEXT,
    origin_salt BLOB,
    detail      TEXT,
    detail_salt BLOB
) STRICT;
CREATE INDEX trail_leaf_actor ON trail_leaf (actor, seq);
CREATE INDEX trail_leaf_resource ON trail_leaf (resource, seq);
-- Whoever opens the file can drop these; they keep honest code honest. The tree is what proves.
CREATE TRIGGER trail_leaf_is_append_only BEFORE UPDATE ON trail_leaf
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER trail_leaf_is_kept BEFORE DELETE ON trail_leaf
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
