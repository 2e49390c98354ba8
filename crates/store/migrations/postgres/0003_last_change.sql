-- The newest change is asked for with each look at what is kept in memory; most leaves tell of looks, not of changes.
CREATE INDEX trail_leaf_change ON trail_leaf (seq) WHERE category = 'change';
