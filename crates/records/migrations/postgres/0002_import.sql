-- Files taken in: checked first, applied at once, and taken back as long as nobody has touched the records since.
CREATE TABLE record_import (
    id          UUID    PRIMARY KEY,
    record_type TEXT    NOT NULL,
    file_name   TEXT    NOT NULL,
    -- The file, until it is applied or too old.
    content     BYTEA,
    made_by     TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    applied_at  BIGINT,
    undone_at   BIGINT,
    created     BIGINT  NOT NULL,
    changed     BIGINT  NOT NULL
);
CREATE INDEX record_import_type ON record_import (record_type, made_at);
-- What an applied import did to each record: `before` is null where it made the record.
CREATE TABLE record_import_row (
    import_id     UUID    NOT NULL REFERENCES record_import (id),
    position      BIGINT  NOT NULL,
    record_id     UUID    NOT NULL,
    version_after BIGINT  NOT NULL,
    made_base     BOOLEAN NOT NULL,
    before        TEXT,
    PRIMARY KEY (import_id, position)
);
