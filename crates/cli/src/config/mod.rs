//! Where settings come from: the configuration file, the environment, the flags; and who wins.
//!
//! - `environment`: the variables, read once.
//! - `model`: the content of the file, unknown keys included.
//! - `file`: reading and atomic writing under a lock.
//! - `selection`: which master, grid and token a command works with.
//!
//! Values of the environment and of flags never reach the file.

mod environment;
mod file;
mod model;
mod selection;

pub(crate) use environment::Environment;
pub(crate) use file::ConfigFile;
pub(crate) use model::{Config, Server};
pub(crate) use selection::{Choice, Master, Selection};
