-- Here leaves get their numbers as they are written; there is nothing to do.
SELECT 1;
