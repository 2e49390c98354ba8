-- Data keys, each wrapped by the key file's key. `key_file` is that file's fingerprint; the greatest `number` is the
-- newest key; `used` counts what it has encrypted.
CREATE TABLE vault_key (
    id         UUID   PRIMARY KEY,
    number     BIGINT NOT NULL UNIQUE,
    wrapped    BYTEA  NOT NULL,
    key_file   TEXT   NOT NULL,
    used       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
-- Secrets of the system itself, encrypted under a data key.
CREATE TABLE vault_secret (
    name       TEXT   PRIMARY KEY,
    ciphertext BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
