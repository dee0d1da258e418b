//! What a user sees: streams, colours, symbols, tables, spinners, prompts, times and sizes.
//!
//! Nothing here knows what a node or a service is.

mod console;
mod ink;
mod numbers;
mod prompt;
mod spinner;
mod table;
mod terminal;
mod times;
mod yaml;

pub(crate) use console::{Console, Setup};
pub(crate) use ink::{Ink, MANY, Mark, pad};
pub(crate) use numbers::{decimal_size, gigabytes, short_size, two_decimals};
pub(crate) use prompt::DESTRUCTIVE;
pub(crate) use spinner::Progress;
pub(crate) use table::{Table, first_rows, terminal_size};
pub(crate) use terminal::{Input, Window};
pub(crate) use times::{age, ago, distance, long_age, seconds_since};
pub(crate) use yaml::yaml;
