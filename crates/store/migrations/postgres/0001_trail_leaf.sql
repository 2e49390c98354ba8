-- The trail's leaves. One row is one event; the parts can be erased one by one with their salts (see palisade-base, leaf.rs).
CREATE TABLE trail_leaf (
    seq         BIGINT PRIMARY KEY,
    version     BIGINT NOT NULL,
    commitments BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    category    TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    resource    TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    what_salt   BYTEA  NOT NULL,
    address     TEXT,
    session     TEXT,
    request     TEXT,
    agent       TEXT,
    origin_salt BYTEA,
    detail      TEXT,
    detail_salt BYTEA
);
CREATE INDEX trail_leaf_actor ON trail_leaf (actor, seq);
CREATE INDEX trail_leaf_resource ON trail_leaf (resource, seq);
-- Committed leaves that the sequencer has not numbered yet: writers do not wait for each other here.
CREATE TABLE trail_pending (
    arrival     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version     BIGINT NOT NULL,
    commitments BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    category    TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    resource    TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    what_salt   BYTEA  NOT NULL,
    address     TEXT,
    session     TEXT,
    request     TEXT,
    agent       TEXT,
    origin_salt BYTEA,
    detail      TEXT,
    detail_salt BYTEA
);
