-- Files taken in: checked first, applied at once, and taken back as long as nobody has touched the records since.
CREATE TABLE record_import (
    id          BLOB    PRIMARY KEY,
    record_type TEXT    NOT NULL,
    file_name   TEXT    NOT NULL,
    -- The file, until it is applied or too old.
    content     BLOB,
    made_by     TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    applied_at  INTEGER,
    undone_at   INTEGER,
    created     INTEGER NOT NULL,
    changed     INTEGER NOT NULL
) STRICT;
CREATE INDEX record_import_type ON record_import (record_type, made_at);
-- What an applied import did to each record: `before` is null where it made the record.
CREATE TABLE record_import_row (
    import_id     BLOB    NOT NULL REFERENCES record_import (id),
    position      INTEGER NOT NULL,
    record_id     BLOB    NOT NULL,
    version_after INTEGER NOT NULL,
    made_base     INTEGER NOT NULL,
    before        TEXT,
    PRIMARY KEY (import_id, position)
) STRICT;
