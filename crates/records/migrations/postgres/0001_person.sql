-- The one directory of people: below the apps, so that a person is known by one name and one address everywhere.
CREATE TABLE person (
    id          UUID   PRIMARY KEY,
    given_name  TEXT   NOT NULL,
    family_name TEXT   NOT NULL,
    email       TEXT   UNIQUE,
    phone       TEXT,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    -- Written in small letters by the program; this keeps two spellings of one address from standing side by side.
    CHECK (email = lower(email))
);
CREATE INDEX person_name ON person (family_name, given_name);
