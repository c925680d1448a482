//! What the macros make of functions and declarations.

mod arguments;
mod async_functions;
mod breakers;
mod clock;
mod keyed;
mod lints;
mod shapes;
mod trackers;
