//! How much of what agents report is kept. A frame holds up to a million values, and what is kept of it
//! is stored, read again by everybody and sent to other nodes.
//!
//! | What | Most | Beyond |
//! |---|---|---|
//! | file systems, interfaces, drivers of a kind | 16, 64, 256 | left out |
//! | interfaces of a container; their names | 8 of a kind; 32 bytes | left out; cut |
//! | names of these; a node's addresses; the agent's version | 255 bytes | cut |
//! | labels of a node | 128 of 255 bytes | left out |
//! | Docker's other texts about itself or a container | 1 KiB | cut |
//! | a figure | 0 to 2^53, so that sums do not overflow | the nearest |
//! | id of a container | 255 bytes | refused |
//! | labels, arguments, environment, ports of a container, addresses of a port | 1,024 each | left out |
//! | name of a label, of a port | 255 bytes | left out |
//! | value of a label, argument, entry of the environment | 64 KiB | cut |
//! | network settings | texts of 255 bytes and whole numbers | cut; anything else is null |
//! | all details of a container, as they are stored | 256 KiB | left out, see [`Budget`] |
//! | `rev` of an instance, type of an event | 255 bytes | cut |
//! | error of an instance or a container, text of an event | 8 KiB | cut |
//! | lines of a call, bytes of a line | 1,000; 16 KiB, which is what Docker cuts lines at | left out; cut |
//!
//! Labels and the version in the headers of an upgrade are bounded where they are read (`kontena_protocol::agent::hello`),
//! names and types that labels give to containers where their records are made (`containers` of the core),
//! and a node's containers in number where they are saved.

use kontena_core::domain::text;
use serde_json::Value;

pub(super) use kontena_core::domain::text::NAME;

/// File systems of a node.
pub(super) const FILESYSTEMS: usize = 16;
/// Network interfaces of a kind.
pub(super) const INTERFACES: usize = 64;
/// Network interfaces of a kind of a container.
pub(super) const INTERFACES_OF_CONTAINER: usize = 8;
/// Bytes of the name of such an interface.
pub(super) const NAME_OF_INTERFACE: usize = 32;
/// Drivers of a kind.
pub(super) const DRIVERS: usize = 256;
/// Labels of a node.
pub(super) const LABELS: usize = 128;
/// Bytes of a text that Docker says about itself or about a container.
pub(super) const DOCKER_TEXT: usize = 1024;
/// Bytes of a text that is read by people.
pub(super) const MESSAGE: usize = 8 * 1024;
/// Entries of each list of a container.
pub(super) const ENTRIES: usize = 1024;
/// Bytes of the value of a container's label, argument or variable.
pub(super) const VALUE: usize = 64 * 1024;
/// Bytes of all details of a container.
pub(super) const DETAILS: usize = 256 * 1024;
/// Lines of one call.
pub(super) const LINES: usize = 1000;
/// Bytes of a line.
pub(super) const LINE: usize = 16 * 1024;
/// The highest figure: whole numbers up to here are the same in any reader of JSON.
pub(super) const COUNT: i64 = 1 << 53;

/// A field; null where there is none.
pub(super) fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

/// A text of at most so many bytes.
pub(super) fn text(value: &Value, most: usize) -> Option<String> {
    value.as_str().map(|text| text::cut(text, most).to_owned())
}

/// At most so many bytes of a text.
pub(super) fn cut(mut text: String, most: usize) -> String {
    text.truncate(text::cut(&text, most).len());
    text
}

/// At most so many entries of a list; none where it is no list.
pub(super) fn list(value: &Value, most: usize) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().take(most)
}

/// A figure.
pub(super) fn count(number: i64) -> i64 {
    number.clamp(0, COUNT)
}

/// What is left of the bytes that the details of one container may take. It is spent in the order of
/// what others would miss most, so that the environment is left out first; what does not fit is left
/// out, and what is smaller may still fit.
pub(super) struct Budget(usize);

impl Budget {
    /// What a document takes beside its entries: the names of its fields, and the few short texts that
    /// labels say a second time.
    const FRAME: usize = 8 * 1024;
    /// What an entry takes beside its texts: a comma, a colon, brackets.
    const ENTRY: usize = 4;

    /// All of it.
    pub(super) fn of_details() -> Self {
        Self(DETAILS - Self::FRAME)
    }

    /// Spends what an entry of these texts takes; says whether there was enough.
    pub(super) fn takes<const N: usize>(&mut self, texts: [&str; N]) -> bool {
        let bytes = texts.iter().map(|text| stored(text)).sum::<usize>() + Self::ENTRY;
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }

    /// A text of at most so many bytes, where it fits.
    pub(super) fn text(&mut self, value: &Value, most: usize) -> Option<String> {
        text(value, most).filter(|text| self.takes([text]))
    }
}

/// How many bytes a text takes as JSON.
fn stored(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..=0x1f => 6,
        _ => 1,
    });
    bytes.sum::<usize>() + 2
}
