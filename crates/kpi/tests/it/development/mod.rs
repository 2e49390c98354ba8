//! What people are working on: who sees and keeps it, and what must hold.

mod attention;
mod moves;
mod records;
