//! Colours and symbols.

use std::fmt::Display;

use unicode_width::UnicodeWidthStr as _;

/// The colours and weights in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Table headers.
    Bold,
    /// What is absent or unknown.
    Dim,
    /// Failure.
    Red,
    /// Success.
    Green,
    /// Attention.
    Yellow,
    /// Other states.
    Blue,
    /// Names and values in motion.
    Cyan,
    /// States without a colour of their own.
    White,
    /// One of many containers.
    Magenta,
    /// What has stopped.
    Grey,
    /// One of many containers.
    BrightRed,
    /// One of many containers.
    BrightGreen,
    /// One of many containers.
    BrightYellow,
    /// One of many containers.
    BrightBlue,
    /// One of many containers.
    BrightMagenta,
    /// One of many containers.
    BrightCyan,
}

/// The colours that tell containers apart, in the order they are given out.
pub(crate) const MANY: [Ink; 12] = [
    Ink::Red,
    Ink::Green,
    Ink::Yellow,
    Ink::Blue,
    Ink::Magenta,
    Ink::Cyan,
    Ink::BrightRed,
    Ink::BrightGreen,
    Ink::BrightYellow,
    Ink::BrightBlue,
    Ink::BrightMagenta,
    Ink::BrightCyan,
];

impl Ink {
    fn code(self) -> u8 {
        match self {
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Blue => 34,
            Self::Cyan => 36,
            Self::White => 37,
            Self::Magenta => 35,
            Self::Grey => 90,
            Self::BrightRed => 91,
            Self::BrightGreen => 92,
            Self::BrightYellow => 93,
            Self::BrightBlue => 94,
            Self::BrightMagenta => 95,
            Self::BrightCyan => 96,
        }
    }

    /// The sequence that starts this colour.
    pub(crate) fn start(self) -> String {
        format!("\u{1b}[{}m", self.code())
    }
}

/// The sequence that ends every colour.
pub(crate) const END: &str = "\u{1b}[0m";

/// Whether one stream is coloured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Palette {
    /// Colours are written.
    pub(crate) on: bool,
}

impl Palette {
    /// Colours a text; nothing stays nothing.
    pub(crate) fn paint(self, ink: Ink, text: impl Display) -> String {
        let text = text.to_string();
        if self.on && !text.is_empty() { format!("{}{text}{END}", ink.start()) } else { text }
    }
}

/// The four symbols in front of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// All is well.
    Good,
    /// Some is well.
    Fair,
    /// Nothing is well.
    Bad,
    /// Not there, or nobody knows.
    Absent,
}

impl Mark {
    /// The symbol, or its replacement where the terminal knows ASCII only.
    pub(crate) fn symbol(self, utf8: bool) -> char {
        match (self, utf8) {
            (Self::Good, true) => '⊛',
            (Self::Fair, true) => '⊙',
            (Self::Bad, true) => '⊗',
            (Self::Absent, true) => '⊝',
            (Self::Good, false) => '+',
            (Self::Fair, false) => '~',
            (Self::Bad, false) => 'x',
            (Self::Absent, false) => '-',
        }
    }

    /// The colour a symbol has unless the place says otherwise.
    pub(crate) fn ink(self) -> Ink {
        match self {
            Self::Good => Ink::Green,
            Self::Fair => Ink::Yellow,
            Self::Bad => Ink::Red,
            Self::Absent => Ink::Dim,
        }
    }
}

/// Removes colour sequences.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Counts the cells a text takes on a terminal; colours take none.
pub(crate) fn width(text: &str) -> usize {
    if text.contains('\u{1b}') { plain(text).width() } else { text.width() }
}

/// Fills a text up to `cells`; a longer one stays as it is.
pub(crate) fn pad(text: &str, cells: usize) -> String {
    format!("{text}{:1$}", "", cells.saturating_sub(width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_not_bytes() {
        let on = Palette { on: true };
        assert_eq!(on.paint(Ink::Yellow, "⊙"), "\u{1b}[33m⊙\u{1b}[0m");
        assert_eq!(width(&on.paint(Ink::Yellow, "⊙")), 1);
        assert_eq!(width("日本"), 4);
        assert_eq!(on.paint(Ink::Dim, ""), "");
        assert_eq!(Palette::default().paint(Ink::Red, "x"), "x");
    }
}
