//! Colours and symbols.

use std::borrow::Cow;
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
    const ALL: [Self; 16] = [
        Self::Bold,
        Self::Dim,
        Self::Red,
        Self::Green,
        Self::Yellow,
        Self::Blue,
        Self::Cyan,
        Self::White,
        Self::Magenta,
        Self::Grey,
        Self::BrightRed,
        Self::BrightGreen,
        Self::BrightYellow,
        Self::BrightBlue,
        Self::BrightMagenta,
        Self::BrightCyan,
    ];

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

/// Escapes control characters as JSON and YAML do: names and texts of others shall not move the cursor, hide what
/// stands there or end a line. Line ends stay in `Clean::Lines`, and this program's colours where it uses any.
pub(super) fn clean(text: &str, palette: Palette, how: Clean) -> Cow<'_, str> {
    let is_bad = |letter: char| match letter {
        '\n' | '\t' => how == Clean::Cell,
        other => other.is_control(),
    };
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let colour = if palette.on { own_colour(rest) } else { None };
        let taken = colour.map_or(letter.len_utf8(), str::len);
        match colour {
            Some(colour) => out.push_str(colour),
            None if is_bad(letter) => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            None => out.push(letter),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// What a text is cleaned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clean {
    /// Whole lines.
    Lines,
    /// A part of a line.
    Cell,
}

/// The sequence of this program that a text begins with.
fn own_colour(text: &str) -> Option<&str> {
    let end = text.strip_prefix("\u{1b}[")?.find('m')? + 3;
    let sequence = text.get(..end)?;
    (sequence == END || Ink::ALL.iter().any(|ink| ink.start() == sequence)).then_some(sequence)
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
    fn texts_of_others_cannot_control_the_terminal() {
        let (on, off) = (Palette { on: true }, Palette::default());
        let painted = on.paint(Ink::Green, "a\u{1b}[2Jb\u{9b}3m\rc\u{7f}");
        assert_eq!(
            clean(&painted, on, Clean::Lines),
            "\u{1b}[32ma\\u001b[2Jb\\u009b3m\\u000dc\\u007f\u{1b}[0m"
        );
        assert_eq!(clean("\u{1b}[32mx", off, Clean::Lines), "\\u001b[32mx");
        assert_eq!(clean("\u{1b}[8mx\u{1b}", on, Clean::Lines), "\\u001b[8mx\\u001b");
        assert_eq!(clean("a\n\tb", off, Clean::Lines), "a\n\tb");
        assert_eq!(clean("a\n\tb", off, Clean::Cell), "a\\u000a\\u0009b");
    }

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
