-- The company: its five tiers, teams, employees, and the catalogue of skills and tools.
CREATE TABLE tier (
    id          UUID    PRIMARY KEY,
    number      BIGINT  NOT NULL UNIQUE CHECK (number BETWEEN 1 AND 5),
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    archived_at BIGINT
);
INSERT INTO tier (id, number, name, description, version, created_at, updated_at) VALUES
    ('0195b0d4-0000-7000-8000-0000000000c1', 1, 'Apprentice', 'Learns the core skills under supervision.', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-0000000000c2', 2, 'Handyman', 'Does basic work alone.', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-0000000000c3', 3, 'Craftsman', 'Strong in primary categories, competent in several more.', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-0000000000c4', 4, 'Master Craftsman', 'Expert in at least one major category.', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-0000000000c5', 5, 'Lead Craftsman', 'Expert in several categories; leads and trains others.', 1, 1767225600000000, 1767225600000000);

CREATE TABLE team (
    id          UUID    PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    area        TEXT,
    manager_id  UUID    REFERENCES person (id),
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    archived_at BIGINT
);
CREATE INDEX team_manager ON team (manager_id);

CREATE TABLE employee (
    id          UUID    PRIMARY KEY,
    person_id   UUID    NOT NULL UNIQUE REFERENCES person (id),
    number      TEXT    UNIQUE,
    tier_id     UUID    NOT NULL REFERENCES tier (id),
    team_id     UUID    REFERENCES team (id),
    hire_date   TEXT    NOT NULL,
    notes       TEXT,
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    archived_at BIGINT
);
CREATE INDEX employee_team ON employee (team_id);
CREATE INDEX employee_tier ON employee (tier_id);

CREATE TABLE skill_category (
    id            UUID    PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    description   TEXT,
    display_order BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    archived_at   BIGINT
);

-- One name may stand in two categories ("Wall Framing" does), so only both together are unique.
CREATE TABLE skill (
    id            UUID    PRIMARY KEY,
    category_id   UUID    NOT NULL REFERENCES skill_category (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    display_order BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    archived_at   BIGINT ,
    UNIQUE (category_id, name)
);

CREATE TABLE tool_category (
    id            UUID    PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    description   TEXT,
    display_order BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    archived_at   BIGINT
);

CREATE TABLE tool (
    id            UUID    PRIMARY KEY,
    category_id   UUID    NOT NULL REFERENCES tool_category (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    display_order BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    archived_at   BIGINT ,
    UNIQUE (category_id, name)
);
