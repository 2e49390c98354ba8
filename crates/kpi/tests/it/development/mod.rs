//! What people are working on: who sees and keeps it, and what must hold.

mod moves;
mod records;
