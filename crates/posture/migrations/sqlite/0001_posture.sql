-- What each check saw last, and since when it has seen the same verdict. `points`, `evidence` and `mend` are JSON.
CREATE TABLE posture (
    check_id     TEXT    NOT NULL PRIMARY KEY,
    title        TEXT    NOT NULL,
    points       TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    guide_number INTEGER,
    verdict      TEXT    NOT NULL,
    seen         TEXT    NOT NULL,
    evidence     TEXT    NOT NULL,
    mend         TEXT,
    since        INTEGER NOT NULL,
    looked_at    INTEGER NOT NULL
) STRICT;

-- Every change of a verdict: what was in force until when, and what mended it.
CREATE TABLE posture_change (
    id         BLOB    NOT NULL PRIMARY KEY,
    check_id   TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    before     TEXT,
    after      TEXT    NOT NULL,
    seen       TEXT    NOT NULL
) STRICT;
CREATE INDEX posture_change_at ON posture_change (changed_at);
