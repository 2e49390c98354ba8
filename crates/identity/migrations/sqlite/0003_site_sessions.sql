-- A code with which a sign-on is handed on to another site: once, within a minute, to the browser whose state it is.
CREATE TABLE hand_off (
    -- Also the id of the site session that it begins.
    id         BLOB    PRIMARY KEY,
    code_hash  BLOB    NOT NULL UNIQUE,
    session_id BLOB    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    site       TEXT    NOT NULL,
    state_hash BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX hand_off_session ON hand_off (session_id);
CREATE INDEX hand_off_expires ON hand_off (expires_at);

-- A sign-on as it counts on a site that is not the console's. It lives as long as the session that it is a child of.
CREATE TABLE site_session (
    id         BLOB    PRIMARY KEY,
    session_id BLOB    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    site       TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX site_session_session ON site_session (session_id);

-- Keys that tokens for the apps of guarded sites are signed with (Ed25519). The newest whose time has come signs.
CREATE TABLE identity_key (
    id         BLOB    PRIMARY KEY,
    seed       BLOB    NOT NULL,
    signs_from INTEGER NOT NULL
) STRICT;
