//! Tables: columns as wide as their widest cell, three spaces apart, lines right-trimmed.

use super::ink::{Clean, Ink, Palette, clean, width};

const GAP: &str = "   ";

/// A table of texts that may be coloured already.
#[derive(Debug)]
pub(crate) struct Table {
    titles: Vec<(&'static str, usize)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts a table with these columns.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self { titles: titles.iter().map(|title| (*title, 0)).collect(), rows: Vec::new() }
    }

    /// Makes a column at least this many cells wide.
    pub(crate) fn at_least(mut self, title: &str, cells: usize) -> Self {
        for (known, minimum) in &mut self.titles {
            if *known == title {
                *minimum = cells;
            }
        }
        self
    }

    /// Adds a line.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Writes the table; the header stands even above nothing.
    pub(crate) fn render(&self, palette: Palette) -> String {
        let cell = |text: &String| clean(text, palette, Clean::Cell).into_owned();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let widths = self.widths(&rows);
        let header = self.titles.iter().map(|(title, _)| palette.paint(Ink::Bold, title)).collect();
        let mut text = String::new();
        for cells in std::iter::once(&header).chain(&rows) {
            line(&mut text, cells, &widths);
        }
        text
    }

    fn widths(&self, rows: &[Vec<String>]) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.titles.iter().map(|(title, minimum)| width(title).max(*minimum)).collect();
        for row in rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        widths
    }
}

fn line(text: &mut String, cells: &[String], widths: &[usize]) {
    let mut line = String::new();
    for (cell, column) in cells.iter().zip(widths) {
        let padding = column.saturating_sub(width(cell));
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', padding));
        line.push_str(GAP);
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Returns the terminal's columns and rows, or usual ones where there is no terminal.
pub(crate) fn terminal_size() -> (usize, usize) {
    let size = terminal_size::terminal_size();
    size.map_or((80, 24), |(columns, rows)| (usize::from(columns.0), usize::from(rows.0)))
}

/// Returns as many of a text's lines as fit into `rows` of a terminal, and the rows they take.
pub(crate) fn first_rows(text: &str, columns: usize, rows: usize) -> (String, usize) {
    let mut shown = String::new();
    let mut taken = 0;
    for line in text.lines() {
        let more = width(line).div_ceil(columns.max(1)).max(1);
        if taken + more > rows {
            break;
        }
        taken += more;
        shown.push_str(line);
        shown.push('\n');
    }
    (shown, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_grow_with_their_cells() {
        let mut table = Table::new(&["NAME", "VERSION", "LABELS"]).at_least("VERSION", 9);
        assert_eq!(table.render(Palette::default()), "NAME   VERSION     LABELS\n");
        table.row(vec!["⊛ core-01".into(), "1.4.0".into(), "a=b".into()]);
        table.row(vec!["日本語の".into(), String::new(), String::new()]);
        assert_eq!(
            table.render(Palette::default()),
            "NAME        VERSION     LABELS\n⊛ core-01   1.4.0       a=b\n日本語の\n"
        );
        let coloured = table.render(Palette { on: true });
        assert!(coloured.starts_with("\u{1b}[1mNAME\u{1b}[0m        \u{1b}[1mVERSION\u{1b}[0m  "));
    }

    #[test]
    fn a_cell_is_one_line() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(vec!["a\nb".into(), "on".into()]);
        assert_eq!(table.render(Palette::default()), "NAME       STATE\na\\u000ab   on\n");
    }

    #[test]
    fn a_long_line_takes_several_rows() {
        assert_eq!(first_rows("abc\n\nabcdefg\nx\n", 3, 5), ("abc\n\nabcdefg\n".to_owned(), 5));
        assert_eq!(first_rows("abcd\nx\n", 3, 1), (String::new(), 0));
    }
}
