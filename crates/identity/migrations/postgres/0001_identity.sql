-- Users, and everything that proves that somebody is one. Tokens, codes and keys stand here as hashes, seeds encrypted.
CREATE TABLE app_user (
    id                   UUID    PRIMARY KEY,
    person_id            UUID    NOT NULL UNIQUE REFERENCES person (id),
    user_name            TEXT    NOT NULL UNIQUE CHECK (user_name = lower(user_name) AND strpos(user_name, '@') = 0),
    -- A name to sign in with; the person's mail address is in the directory and may be another.
    email                TEXT    UNIQUE CHECK (email = lower(email)),
    status               TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
    password_hash        TEXT,
    password_changed_at  BIGINT,
    must_change_password BOOLEAN NOT NULL,
    created_at           BIGINT  NOT NULL,
    last_sign_in_at      BIGINT,
    version              BIGINT  NOT NULL
);

-- Passwords that a user had before: they may not come back for a while.
CREATE TABLE password_history (
    id            UUID    PRIMARY KEY,
    user_id       UUID    NOT NULL REFERENCES app_user (id),
    password_hash TEXT    NOT NULL,
    retired_at    BIGINT  NOT NULL
);
CREATE INDEX password_history_user ON password_history (user_id, retired_at);

-- Tries since the last success, counted before they are looked at. The subject is a user, or the hash of a name that
-- nobody has; the device is empty for strangers.
CREATE TABLE sign_in_try (
    subject BYTEA   NOT NULL,
    device  BYTEA   NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('password', 'code')),
    tries   BIGINT  NOT NULL,
    last_at BIGINT  NOT NULL,
    PRIMARY KEY (subject, device, kind)
);
CREATE INDEX sign_in_try_last ON sign_in_try (last_at);

CREATE TABLE totp_factor (
    id           UUID    PRIMARY KEY,
    user_id      UUID    NOT NULL REFERENCES app_user (id),
    seed         BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    -- Empty until the first code was right.
    confirmed_at BIGINT,
    -- The time step of the last code that was taken; none at or below it is taken again.
    last_step    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX totp_factor_confirmed ON totp_factor (user_id) WHERE confirmed_at IS NOT NULL;
CREATE UNIQUE INDEX totp_factor_waiting ON totp_factor (user_id) WHERE confirmed_at IS NULL;

CREATE TABLE recovery_code (
    user_id   UUID    NOT NULL REFERENCES app_user (id),
    code_hash BYTEA   NOT NULL,
    used_at   BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

-- Devices that their owner has signed in from: strangers' failures do not lock them out.
CREATE TABLE known_device (
    id           UUID    PRIMARY KEY,
    user_id      UUID    NOT NULL REFERENCES app_user (id),
    token_hash   BYTEA   NOT NULL,
    -- The owner's name for it; a device with a name is enrolled as a mobile device.
    name         TEXT,
    agent        TEXT,
    created_at   BIGINT  NOT NULL,
    last_seen_at BIGINT  NOT NULL,
    UNIQUE (token_hash, user_id)
);
CREATE INDEX known_device_user ON known_device (user_id);

CREATE TABLE session (
    id             UUID    PRIMARY KEY,
    user_id        UUID    NOT NULL REFERENCES app_user (id),
    sign_on_id     UUID    NOT NULL,
    token_hash     BYTEA   NOT NULL UNIQUE,
    -- The token before the last renewal still works until then, for requests that are under way.
    previous_hash  BYTEA,
    previous_until BIGINT,
    class          TEXT    NOT NULL CHECK (class IN ('browser', 'mobile')),
    state          TEXT    NOT NULL CHECK (state IN ('full', 'owes_factor', 'owes_enrolment', 'owes_password')),
    factor_given   BOOLEAN NOT NULL,
    device_id      UUID,
    created_at     BIGINT  NOT NULL,
    last_used_at   BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    address        TEXT,
    agent          TEXT,
    -- What its user may do has changed: the next request gets a new token.
    must_renew     BOOLEAN NOT NULL,
    ended_at       BIGINT,
    end_reason     TEXT
);
CREATE INDEX session_of_user ON session (user_id) WHERE ended_at IS NULL;
CREATE INDEX session_previous ON session (previous_hash) WHERE previous_hash IS NOT NULL;
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE role (
    id          UUID    PRIMARY KEY,
    site        TEXT    NOT NULL,
    key         TEXT,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    factor_rule TEXT    NOT NULL CHECK (factor_rule IN ('required', 'recommended', 'optional')),
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    archived_at BIGINT
);
CREATE UNIQUE INDEX role_name ON role (site, name) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX role_key ON role (site, key) WHERE key IS NOT NULL;

CREATE TABLE role_permission (
    role_id    UUID    NOT NULL REFERENCES role (id),
    permission TEXT    NOT NULL,
    scope      TEXT    NOT NULL CHECK (scope IN ('own', 'team', 'all')),
    PRIMARY KEY (role_id, permission)
);

-- Permissions that the program has declared before: a new one goes to the roles that it was made for, once.
CREATE TABLE known_permission (
    site       TEXT    NOT NULL,
    permission TEXT    NOT NULL,
    PRIMARY KEY (site, permission)
);

CREATE TABLE role_grant (
    user_id    UUID    NOT NULL REFERENCES app_user (id),
    role_id    UUID    NOT NULL REFERENCES role (id),
    granted_by TEXT    NOT NULL,
    granted_at BIGINT  NOT NULL,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX role_grant_role ON role_grant (role_id);

CREATE TABLE api_key (
    id           UUID    PRIMARY KEY,
    user_id      UUID    NOT NULL REFERENCES app_user (id),
    name         TEXT    NOT NULL,
    token_hash   BYTEA   NOT NULL UNIQUE,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_key_user ON api_key (user_id);

CREATE TABLE api_key_permission (
    key_id     UUID    NOT NULL REFERENCES api_key (id),
    permission TEXT    NOT NULL,
    scope      TEXT    NOT NULL CHECK (scope IN ('own', 'team', 'all')),
    PRIMARY KEY (key_id, permission)
);

CREATE TABLE one_time_link (
    id         UUID    PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('set_up', 'sign_in', 'password')),
    token_hash BYTEA   NOT NULL UNIQUE,
    user_id    UUID    REFERENCES app_user (id),
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    used_at    BIGINT
);

-- Every version of every kind of security settings; the newest is in force.
CREATE TABLE security_setting (
    kind       TEXT    NOT NULL,
    version    BIGINT  NOT NULL,
    value      TEXT    NOT NULL,
    changed_by TEXT    NOT NULL,
    changed_at BIGINT  NOT NULL,
    PRIMARY KEY (kind, version)
);

-- One row that changes to grants and administrators lock first: two of them at once could each spare the other's
-- administrator, and together leave none.
CREATE TABLE administration_lock (
    id     BIGINT  PRIMARY KEY CHECK (id = 1),
    number BIGINT  NOT NULL
);
INSERT INTO administration_lock (id, number) VALUES (1, 0);
