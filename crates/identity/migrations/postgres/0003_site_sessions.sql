-- A code with which a sign-on is handed on to another site: once, within a minute, to the browser whose state it is.
CREATE TABLE hand_off (
    -- Also the id of the site session that it begins.
    id         UUID    PRIMARY KEY,
    code_hash  BYTEA   NOT NULL UNIQUE,
    session_id UUID    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    site       TEXT    NOT NULL,
    state_hash BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT
);
CREATE INDEX hand_off_session ON hand_off (session_id);
CREATE INDEX hand_off_expires ON hand_off (expires_at);

-- A sign-on as it counts on a site that is not the console's. It lives as long as the session that it is a child of.
CREATE TABLE site_session (
    id         UUID    PRIMARY KEY,
    session_id UUID    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    site       TEXT    NOT NULL,
    token_hash BYTEA   NOT NULL UNIQUE,
    created_at BIGINT  NOT NULL
);
CREATE INDEX site_session_session ON site_session (session_id);

-- Keys that tokens for the apps of guarded sites are signed with (Ed25519). The newest whose time has come signs.
CREATE TABLE identity_key (
    id         UUID    PRIMARY KEY,
    seed       BYTEA   NOT NULL,
    signs_from BIGINT  NOT NULL
);
