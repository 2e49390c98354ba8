//! Evaluations: their life, their marks, and what happens when several people are at it at once.

mod calls;
mod closing;
mod history;
mod life;
mod marks;
mod races;
mod stage;
