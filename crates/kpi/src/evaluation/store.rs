//! The tables of evaluations.

use palisade_store::statements;

statements! {
    /// How many marks rate something.
    RATED = "SELECT count(*) AS n FROM evaluation_skill WHERE evaluation_id = $1 AND rating IS NOT NULL";
}
