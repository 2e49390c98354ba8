-- Evaluations, where everybody stands by them, what tiers ask for, and what people are working on.

ALTER TABLE employee ADD COLUMN trains_others BOOLEAN;

CREATE TABLE evaluation (
    id            UUID    PRIMARY KEY,
    employee_id   UUID    NOT NULL REFERENCES employee (id),
    kind          TEXT    NOT NULL CHECK (kind IN ('self', 'manager')),
    evaluator_id  UUID    NOT NULL REFERENCES person (id),
    evaluated_on  TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('draft', 'completed', 'reviewed')),
    -- Who is asked to review it; nobody in particular where empty.
    reviewer_id   UUID    REFERENCES person (id),
    -- Who has reviewed it, and on which day.
    reviewed_by   UUID    REFERENCES person (id),
    reviewed_on   TEXT,
    completed_on  TEXT,
    -- Why it was given back the last time.
    return_reason TEXT,
    -- The reviewed evaluation that this one is a corrected copy of.
    amends_id     UUID    REFERENCES evaluation (id),
    -- The employee's tier when it was completed.
    tier_id       UUID    REFERENCES tier (id),
    -- Where it came from: filled in here, a score card, a table, the API.
    origin        TEXT    NOT NULL CHECK (origin IN ('form', 'sheet', 'table', 'api')),
    notes         TEXT,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    archived_at   BIGINT
);
-- One open draft for each employee, kind and evaluator.
CREATE UNIQUE INDEX evaluation_open ON evaluation (employee_id, kind, evaluator_id)
    WHERE state = 'draft' AND archived_at IS NULL;
CREATE INDEX evaluation_employee ON evaluation (employee_id, evaluated_on);
CREATE INDEX evaluation_evaluator ON evaluation (evaluator_id);
CREATE INDEX evaluation_reviewer ON evaluation (reviewer_id);
CREATE INDEX evaluation_date ON evaluation (evaluated_on);
-- What is still to be done with: few, however long the history.
CREATE INDEX evaluation_waiting ON evaluation (evaluator_id) WHERE state <> 'reviewed' AND archived_at IS NULL;
-- One corrected copy of each evaluation.
CREATE UNIQUE INDEX evaluation_amends ON evaluation (amends_id) WHERE archived_at IS NULL;

-- A mark on a skill. A rating that was taken away again while drafting stays as a row without one, so that a late tap
-- of another device knows that it is late; completing removes such rows.
CREATE TABLE evaluation_skill (
    evaluation_id UUID    NOT NULL REFERENCES evaluation (id),
    skill_id      UUID    NOT NULL REFERENCES skill (id),
    rating        BIGINT CHECK (rating BETWEEN 1 AND 5),
    note          TEXT,
    tapped_at     BIGINT NOT NULL,
    PRIMARY KEY (evaluation_id, skill_id)
);
CREATE INDEX evaluation_skill_skill ON evaluation_skill (skill_id);

-- A mark on a tool: whether they can operate it (empty: not answered), and whether it is on their truck.
CREATE TABLE evaluation_tool (
    evaluation_id UUID    NOT NULL REFERENCES evaluation (id),
    tool_id       UUID    NOT NULL REFERENCES tool (id),
    can_operate   BOOLEAN,
    truck_stock   BOOLEAN,
    note          TEXT,
    tapped_at     BIGINT NOT NULL,
    PRIMARY KEY (evaluation_id, tool_id)
);
CREATE INDEX evaluation_tool_tool ON evaluation_tool (tool_id);

-- Short numbers of skills, tools and categories, for the packed columns below. Never used twice.
CREATE TABLE slot (
    item_id UUID    PRIMARY KEY,
    number  BIGINT NOT NULL UNIQUE
);

-- Where an employee stands now: made from their evaluations at every change of state, and never the source of anything.
CREATE TABLE standing (
    employee_id  UUID    PRIMARY KEY REFERENCES employee (id),
    skills       BYTEA    NOT NULL,
    tools        BYTEA    NOT NULL,
    -- The newest evaluation by a manager, and by oneself, that is not a draft.
    manager_on   TEXT,
    self_on      TEXT,
    evaluations  BIGINT NOT NULL,
    -- The versions of the skills and categories that it was made with, added up: where they have changed, it is made anew.
    catalogue    BIGINT NOT NULL
);

-- Where they stood at the end of each quarter in which they were evaluated, packed, newest first: the newest eight, which
-- is what dashboards draw, and those before.
CREATE TABLE standing_history (
    employee_id UUID    PRIMARY KEY REFERENCES employee (id),
    recent      BYTEA    NOT NULL,
    earlier     BYTEA    NOT NULL
);

-- What a tier asks for.
CREATE TABLE tier_rule (
    id               UUID    PRIMARY KEY,
    tier_id          UUID    NOT NULL REFERENCES tier (id),
    kind             TEXT    NOT NULL,
    category_id      UUID    REFERENCES skill_category (id),
    tools            TEXT CHECK (tools IN ('all', 'general')),
    tool_category_id UUID    REFERENCES tool_category (id),
    mean_tenths      BIGINT CHECK (mean_tenths BETWEEN 10 AND 50),
    rating           BIGINT CHECK (rating BETWEEN 1 AND 5),
    share            BIGINT CHECK (share BETWEEN 1 AND 100),
    coverage         BIGINT CHECK (coverage BETWEEN 1 AND 100),
    times            BIGINT CHECK (times BETWEEN 1 AND 100),
    version          BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    archived_at      BIGINT
);
CREATE INDEX tier_rule_tier ON tier_rule (tier_id);
-- What they ask for at first; an administrator changes it. A category counts once half of its skills are rated.
INSERT INTO tier_rule (id, tier_id, kind, times, mean_tenths, rating, share, coverage, tools, version, created_at, updated_at) VALUES
    ('0195b0d4-0000-7000-8000-000000000d01', '0195b0d4-0000-7000-8000-0000000000c1', 'categories', 3, 20, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d02', '0195b0d4-0000-7000-8000-0000000000c2', 'categories', 4, 30, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d03', '0195b0d4-0000-7000-8000-0000000000c2', 'tools_operable', NULL, NULL, NULL, 60, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d04', '0195b0d4-0000-7000-8000-0000000000c3', 'categories', 3, 40, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d05', '0195b0d4-0000-7000-8000-0000000000c3', 'categories', 7, 30, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d06', '0195b0d4-0000-7000-8000-0000000000c3', 'tools_operable', NULL, NULL, NULL, 80, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d07', '0195b0d4-0000-7000-8000-0000000000c3', 'tools_stocked', NULL, NULL, NULL, 50, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d08', '0195b0d4-0000-7000-8000-0000000000c4', 'experts', 1, 45, 4, 50, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d09', '0195b0d4-0000-7000-8000-0000000000c4', 'categories', 6, 40, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0a', '0195b0d4-0000-7000-8000-0000000000c4', 'tools_operable', NULL, NULL, NULL, 90, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0b', '0195b0d4-0000-7000-8000-0000000000c4', 'tools_stocked', NULL, NULL, NULL, 75, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0c', '0195b0d4-0000-7000-8000-0000000000c5', 'experts', 3, 45, 4, 50, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0d', '0195b0d4-0000-7000-8000-0000000000c5', 'categories', 6, 40, NULL, NULL, 50, NULL, 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0e', '0195b0d4-0000-7000-8000-0000000000c5', 'tools_operable', NULL, NULL, NULL, 90, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d0f', '0195b0d4-0000-7000-8000-0000000000c5', 'tools_stocked', NULL, NULL, NULL, 75, NULL, 'general', 1, 1767225600000000, 1767225600000000),
    ('0195b0d4-0000-7000-8000-000000000d10', '0195b0d4-0000-7000-8000-0000000000c5', 'trains_others', NULL, NULL, NULL, NULL, NULL, NULL, 1, 1767225600000000, 1767225600000000);

-- Somebody was given another tier.
CREATE TABLE promotion (
    id           UUID    PRIMARY KEY,
    employee_id  UUID    NOT NULL REFERENCES employee (id),
    from_tier_id UUID    NOT NULL REFERENCES tier (id),
    to_tier_id   UUID    NOT NULL REFERENCES tier (id),
    decided_on   TEXT    NOT NULL,
    decided_by   UUID    REFERENCES person (id),
    reason       TEXT    NOT NULL,
    -- The checklist as it was that day, in words.
    evidence     TEXT    NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    archived_at  BIGINT
);
CREATE INDEX promotion_employee ON promotion (employee_id);

CREATE TABLE qualification (
    id          UUID    PRIMARY KEY,
    employee_id UUID    NOT NULL REFERENCES employee (id),
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    issuer      TEXT,
    number      TEXT,
    issued_on   TEXT,
    expires_on  TEXT,
    notes       TEXT,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE INDEX qualification_employee ON qualification (employee_id);
CREATE INDEX qualification_expiry ON qualification (expires_on);

-- What somebody can do that no list has; proposed by themselves, confirmed by who leads them.
CREATE TABLE special_skill (
    id            UUID    PRIMARY KEY,
    employee_id   UUID    NOT NULL REFERENCES employee (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    level         BIGINT CHECK (level BETWEEN 1 AND 5),
    acquired_on   TEXT,
    evaluation_id UUID    REFERENCES evaluation (id),
    state         TEXT    NOT NULL CHECK (state IN ('proposed', 'confirmed')),
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    archived_at   BIGINT
);
CREATE INDEX special_skill_employee ON special_skill (employee_id);

-- A tool of somebody's that no list has.
CREATE TABLE custom_tool (
    id            UUID    PRIMARY KEY,
    employee_id   UUID    NOT NULL REFERENCES employee (id),
    category_id   UUID    REFERENCES tool_category (id),
    name          TEXT    NOT NULL,
    description   TEXT,
    can_operate   BOOLEAN,
    truck_stock   BOOLEAN,
    evaluation_id UUID    REFERENCES evaluation (id),
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    archived_at   BIGINT
);
CREATE INDEX custom_tool_employee ON custom_tool (employee_id);

-- Something to reach by a day: a rating in a skill, a mean in a category, or a tool.
CREATE TABLE goal (
    id            UUID    PRIMARY KEY,
    employee_id   UUID    NOT NULL REFERENCES employee (id),
    category_id   UUID    REFERENCES skill_category (id),
    skill_id      UUID    REFERENCES skill (id),
    tool_id       UUID    REFERENCES tool (id),
    target_tenths BIGINT CHECK (target_tenths BETWEEN 10 AND 50),
    target_date   TEXT    NOT NULL,
    actions       TEXT,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'reached', 'dropped')),
    -- The evaluation whose review closed it.
    closed_by_id  UUID    REFERENCES evaluation (id),
    closed_on     TEXT,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    archived_at   BIGINT
);
CREATE INDEX goal_employee ON goal (employee_id);

CREATE TABLE training_request (
    id           UUID    PRIMARY KEY,
    employee_id  UUID    NOT NULL REFERENCES employee (id),
    skill_id     UUID    REFERENCES skill (id),
    tool_id      UUID    REFERENCES tool (id),
    topic        TEXT    NOT NULL,
    reason       TEXT,
    state        TEXT    NOT NULL CHECK (state IN ('requested', 'approved', 'declined', 'done')),
    decided_by   UUID    REFERENCES person (id),
    decided_on   TEXT,
    answer       TEXT,
    closed_by_id UUID    REFERENCES evaluation (id),
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    archived_at  BIGINT
);
CREATE INDEX training_request_employee ON training_request (employee_id);
