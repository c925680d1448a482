//! The breakers of the whole process, all counted: none may be declared in this binary.

mod listed;
mod unknown_names;
