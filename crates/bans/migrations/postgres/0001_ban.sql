-- Who is shut out: by a jail, or by hand. `network` is an address or a network as people write it, `first_ip` and
-- `last_ip` are its ends as 16 bytes, so that whoever is looked for is found inside of it. `measure` is `ban`
-- (shut out), `slow` (a company network: its tries to sign in wait), or `shadow` (only reported). No end means: until
-- it is lifted. A row is never changed but by lifting.
CREATE TABLE ban (
    id        UUID   PRIMARY KEY,
    network   TEXT   NOT NULL,
    first_ip  BYTEA  NOT NULL,
    last_ip   BYTEA  NOT NULL,
    measure   TEXT   NOT NULL,
    jail      TEXT   NOT NULL,
    made_by   TEXT   NOT NULL,
    began_at  BIGINT NOT NULL,
    ends_at   BIGINT,
    reason    TEXT   NOT NULL,
    evidence  TEXT   NOT NULL,
    failures  BIGINT NOT NULL,
    offences  BIGINT NOT NULL,
    lifted_at BIGINT,
    lifted_by TEXT
);
CREATE INDEX ban_began ON ban (began_at);
CREATE INDEX ban_network ON ban (network, began_at);
