//! A menu to pick several of a list: arrow keys, Space, Enter. Where that is not wanted there are numbers.

use std::io::{self, Read as _, Write as _};

use super::console::Console;
use super::ink::Ink;
use super::terminal::Raw;
use crate::failure::Failure;

/// What a keystroke asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Up,
    Down,
    Toggle,
    Done,
    Leave,
    Other,
}

impl Key {
    /// Arrows come as `ESC [ A` or `ESC O A`.
    fn read(input: &mut impl Iterator<Item = io::Result<u8>>) -> io::Result<Self> {
        let Some(first) = input.next().transpose()? else {
            return Ok(Self::Done);
        };
        Ok(match first {
            b'\r' | b'\n' => Self::Done,
            b' ' => Self::Toggle,
            b'k' => Self::Up,
            b'j' => Self::Down,
            3 => Self::Leave,
            0x1b => match (input.next().transpose()?, input.next().transpose()?) {
                (Some(b'[' | b'O'), Some(b'A')) => Self::Up,
                (Some(b'[' | b'O'), Some(b'B')) => Self::Down,
                _ => Self::Other,
            },
            _ => Self::Other,
        })
    }
}

/// What is picked so far, and where the mark stands.
#[derive(Debug)]
struct Menu {
    at: usize,
    picked: Vec<bool>,
}

impl Menu {
    fn press(&mut self, key: Key) {
        let last = self.picked.len().saturating_sub(1);
        match key {
            Key::Up => self.at = if self.at == 0 { last } else { self.at - 1 },
            Key::Down => self.at = if self.at == last { 0 } else { self.at + 1 },
            Key::Toggle => {
                if let Some(picked) = self.picked.get_mut(self.at) {
                    *picked = !*picked;
                }
            }
            Key::Done | Key::Leave | Key::Other => {}
        }
    }

    fn numbers(&self) -> Vec<usize> {
        let picked = self.picked.iter().enumerate().filter(|(_, picked)| **picked);
        picked.map(|(index, _)| index).collect()
    }
}

impl Console {
    /// Lets the user pick any number of `items`; returns their places in the list.
    pub(crate) fn pick(&self, title: &str, items: &[String]) -> Result<Vec<usize>, Failure> {
        self.require_user()?;
        if self.setup.simple {
            self.pick_by_number(title, items)
        } else {
            self.pick_by_key(title, items)
        }
    }

    fn pick_by_number(&self, title: &str, items: &[String]) -> Result<Vec<usize>, Failure> {
        self.line(title)?;
        for (index, item) in items.iter().enumerate() {
            self.line(format!("  {}. {item}", index + 1))?;
        }
        let answer = self.ask("Numbers, separated by commas: ")?;
        let words = answer.split([',', ' ']).filter(|word| !word.is_empty());
        words
            .map(|word| {
                let index = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                index
                    .filter(|index| *index < items.len())
                    .ok_or_else(|| Failure::said(format!("There is no number {word} in the list")))
            })
            .collect()
    }

    fn pick_by_key(&self, title: &str, items: &[String]) -> Result<Vec<usize>, Failure> {
        let mut menu = Menu { at: 0, picked: vec![false; items.len()] };
        let raw = Raw::enter()?;
        let mut out = io::stdout();
        write!(out, "{title} (arrow keys move, Space picks, Enter ends)\r\n")?;
        let mut input = io::stdin().lock().bytes();
        loop {
            self.draw(&mut out, &menu, items)?;
            let key = Key::read(&mut input)?;
            match key {
                Key::Done => break,
                Key::Leave => return Err(Failure::Exit(130)),
                other => menu.press(other),
            }
            write!(out, "\u{1b}[{}A", items.len())?;
        }
        drop(raw);
        Ok(menu.numbers())
    }

    fn draw(&self, out: &mut impl io::Write, menu: &Menu, items: &[String]) -> io::Result<()> {
        let (on, off) = if self.setup.utf8 { ("⬢", "⬡") } else { ("[x]", "[ ]") };
        for (index, item) in items.iter().enumerate() {
            let mark = if index == menu.at { self.paint(Ink::Green, ">") } else { " ".to_owned() };
            let picked = menu.picked.get(index).copied().unwrap_or(false);
            let sign = if picked { self.paint(Ink::Green, on) } else { off.to_owned() };
            write!(out, "\r{mark} {sign} {item}\r\n")?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(keys: &[u8]) -> Vec<usize> {
        let mut menu = Menu { at: 0, picked: vec![false; 3] };
        let mut input = keys.iter().map(|byte| Ok(*byte));
        loop {
            match Key::read(&mut input).unwrap() {
                Key::Done => return menu.numbers(),
                key => menu.press(key),
            }
        }
    }

    #[test]
    fn keys_move_pick_and_end() {
        assert_eq!(after(b"\r"), [] as [usize; 0]);
        assert_eq!(after(b" \r"), [0]);
        assert_eq!(after(b" \x1b[B\x1b[B \r"), [0, 2]);
        assert_eq!(after(b"\x1bOA \r"), [2]);
        assert_eq!(after(b"j  k x\r"), [0]);
        assert_eq!(after(b" "), [0]);
    }
}
