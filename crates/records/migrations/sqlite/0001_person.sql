-- The one directory of people: below the apps, so that a person is known by one name and one address everywhere.
CREATE TABLE person (
    id          BLOB    PRIMARY KEY,
    given_name  TEXT    NOT NULL,
    family_name TEXT    NOT NULL,
    email       TEXT    UNIQUE,
    phone       TEXT,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    archived_at INTEGER,
    -- Written in small letters by the program; this keeps two spellings of one address from standing side by side.
    CHECK (email = lower(email))
) STRICT;
CREATE INDEX person_name ON person (family_name, given_name);
