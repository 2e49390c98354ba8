-- What each check saw last, and since when it has seen the same verdict. `points`, `evidence` and `mend` are JSON.
CREATE TABLE posture (
    check_id     TEXT    NOT NULL PRIMARY KEY,
    title        TEXT    NOT NULL,
    points       TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    guide_number BIGINT,
    verdict      TEXT    NOT NULL,
    seen         TEXT    NOT NULL,
    evidence     TEXT    NOT NULL,
    mend         TEXT,
    since        BIGINT  NOT NULL,
    looked_at    BIGINT  NOT NULL
);

-- Every change of a verdict: what was in force until when, and what mended it.
CREATE TABLE posture_change (
    id         UUID    NOT NULL PRIMARY KEY,
    check_id   TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    changed_at BIGINT  NOT NULL,
    before     TEXT,
    after      TEXT    NOT NULL,
    seen       TEXT    NOT NULL
);
CREATE INDEX posture_change_at ON posture_change (changed_at);
