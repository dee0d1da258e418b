//! A scripted master, the fixtures C1 and M1, and a runner for the program.

pub(crate) mod fixtures;
pub(crate) mod kontena;
pub(crate) mod master;
mod modes;

pub(crate) use fixtures::{m1, node};
pub(crate) use kontena::Kontena;
pub(crate) use master::{Master, Piece, frame, say};
pub(crate) use modes::Case;
