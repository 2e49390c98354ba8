-- The company: its five tiers, teams, employees, and the catalogue of skills and tools.
CREATE TABLE tier (
    id          BLOB    PRIMARY KEY,
    number      INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 1 AND 5),
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;
INSERT INTO tier (id, number, name, description, version, created_at, updated_at) VALUES
    (x'0195b0d40000700080000000000000c1', 1, 'Apprentice', 'Learns the core skills under supervision.', 1, 1767225600000000, 1767225600000000),
    (x'0195b0d40000700080000000000000c2', 2, 'Handyman', 'Does basic work alone.', 1, 1767225600000000, 1767225600000000),
    (x'0195b0d40000700080000000000000c3', 3, 'Craftsman', 'Strong in primary categories, competent in several more.', 1, 1767225600000000, 1767225600000000),
    (x'0195b0d40000700080000000000000c4', 4, 'Master Craftsman', 'Expert in at least one major category.', 1, 1767225600000000, 1767225600000000),
    (x'0195b0d40000700080000000000000c5', 5, 'Lead Craftsman', 'Expert in several categories; leads and trains others.', 1, 1767225600000000, 1767225600000000);

CREATE TABLE team (
    id          BLOB    PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    area        TEXT,
    manager_id  BLOB    REFERENCES person (id),
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;
CREATE INDEX team_manager ON team (manager_id);

CREATE TABLE employee (
    id          BLOB    PRIMARY KEY,
    person_id   BLOB    NOT NULL UNIQUE REFERENCES person (id),
    number      TEXT    UNIQUE,
    tier_id     BLOB    NOT NULL REFERENCES tier (id),
    team_id     BLOB    REFERENCES team (id),
    hire_date   TEXT    NOT NULL,
    notes       TEXT,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;
CREATE INDEX employee_team ON employee (team_id);
CREATE INDEX employee_tier ON employee (tier_id);

CREATE TABLE skill_category (
    id            BLOB    PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    description   TEXT,
    display_order INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    archived_at   INTEGER
) STRICT;

-- One name may stand in two categories ("Wall Framing" does), so only both together are unique.
CREATE TABLE skill (
    id            BLOB    PRIMARY KEY,
    category_id   BLOB    NOT NULL REFERENCES skill_category (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    display_order INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    archived_at   INTEGER,
    UNIQUE (category_id, name)
) STRICT;

CREATE TABLE tool_category (
    id            BLOB    PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    description   TEXT,
    display_order INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    archived_at   INTEGER
) STRICT;

CREATE TABLE tool (
    id            BLOB    PRIMARY KEY,
    category_id   BLOB    NOT NULL REFERENCES tool_category (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    display_order INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    archived_at   INTEGER,
    UNIQUE (category_id, name)
) STRICT;
