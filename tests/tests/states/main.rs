//! The states, and the way from one to the next.

mod commands;
mod half_open;
mod half_open_ends;
mod history;
mod judgement;
mod put_off;
mod recovery;
mod retry_after;
mod shadow;
mod slots;
mod snapshot;
mod time;
