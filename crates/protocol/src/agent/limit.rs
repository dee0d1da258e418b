//! How much one frame may make of itself in memory. Not here: how long a frame may be, which is the
//! sockets' business.

use std::io::{self, Read};

/// Headers beyond which a frame is refused. A value has one to three: its type, and for some types a
/// length or number. What peers send stays far below: a container that is saved has some hundreds, an
/// instance in a pod list about two hundred, so that a list of thousands of instances fits. Without a limit
/// 16 MiB of nested maps would take 7 GiB, decoded and read as JSON; with it they take 450 MiB.
pub(super) const MAX_HEADERS: usize = 1_000_000;

/// The same for what agents send, of whom a master has many: the largest is a clean-up of some thousand
/// containers. Ten at a time then take what one of the others may.
pub(super) const MAX_HEADERS_OF_AGENTS: usize = 100_000;

/// Bytes that may be read as a limited number of headers.
///
/// `rmpv` reads headers, and only headers, by [`Read::read_exact`], and text and binary by [`Read::read`].
/// Counting its calls keeps the knowledge of the format in one place, and is exact about what costs memory:
/// one call at least for each value, whatever a list's length claims.
pub(super) struct Limited<'a> {
    rest: &'a [u8],
    headers: usize,
}

impl<'a> Limited<'a> {
    pub(super) fn new(bytes: &'a [u8], headers: usize) -> Self {
        Self { rest: bytes, headers }
    }

    /// How many bytes have not been read.
    pub(super) fn rest(&self) -> usize {
        self.rest.len()
    }

    /// Whether the frame has no header left.
    pub(super) fn is_spent(&self) -> bool {
        self.headers == 0
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.rest.read(into)
    }

    fn read_exact(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.headers = self.headers.checked_sub(1).ok_or(io::ErrorKind::OutOfMemory)?;
        self.rest.read_exact(into)
    }
}
