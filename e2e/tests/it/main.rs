//! The program from outside.

mod support;
