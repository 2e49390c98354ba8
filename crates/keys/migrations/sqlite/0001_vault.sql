-- Data keys, each wrapped by the key file's key. `key_file` is that file's fingerprint; the greatest `number` is the
-- newest key; `used` counts what it has encrypted.
CREATE TABLE vault_key (
    id         BLOB    PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    wrapped    BLOB    NOT NULL,
    key_file   TEXT    NOT NULL,
    used       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;
-- Secrets of the system itself, encrypted under a data key.
CREATE TABLE vault_secret (
    name       TEXT    PRIMARY KEY,
    ciphertext BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
