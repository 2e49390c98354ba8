-- Gives the oldest waiting leaves their numbers; returns how many. It runs with its owner's rights, so that the runtime
-- user needs none to delete waiting leaves, nor to choose numbers: it can add leaves and have them numbered, that is all.
CREATE FUNCTION trail_sequence(most BIGINT) RETURNS BIGINT
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH moved AS (
        DELETE FROM trail_pending
        WHERE arrival IN (SELECT arrival FROM trail_pending ORDER BY arrival LIMIT most)
        RETURNING *
    ), numbered AS (
        INSERT INTO trail_leaf (seq, version, commitments, at, category, actor, action, resource, outcome, what_salt,
                                address, session, request, agent, origin_salt, detail, detail_salt)
        SELECT (SELECT coalesce(max(seq), -1) FROM trail_leaf) + row_number() OVER (ORDER BY arrival),
               version, commitments, at, category, actor, action, resource, outcome, what_salt,
               address, session, request, agent, origin_salt, detail, detail_salt
        FROM moved
        RETURNING 1
    )
    SELECT count(*) FROM numbered
$$;
REVOKE ALL ON FUNCTION trail_sequence(BIGINT) FROM PUBLIC;
