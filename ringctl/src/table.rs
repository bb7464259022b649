//! Columns that stand under one another.

/// At which edge of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A heading for every column, and rows of as many cells.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    headings: [(&'static str, Align); COLUMNS],
    rows: Vec<Row<COLUMNS>>,
}

#[derive(Debug)]
enum Row<const COLUMNS: usize> {
    Cells([String; COLUMNS]),
    /// A first cell, and words across all the others.
    Across(String, String),
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(headings: [(&'static str, Align); COLUMNS]) -> Self {
        let rows = Vec::new();
        Table { headings, rows }
    }

    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(Row::Cells(cells));
    }

    pub(crate) fn across(&mut self, first: String, words: String) {
        self.rows.push(Row::Across(first, words));
    }

    /// Whole lines, each after `indent`.
    pub(crate) fn render(&self, indent: &str) -> String {
        let widths = self.widths();
        let headings = self.headings.map(|(heading, _)| heading.to_owned());
        let mut text = self.line(indent, &headings, &widths);
        for row in &self.rows {
            text += &match row {
                Row::Cells(cells) => self.line(indent, cells, &widths),
                Row::Across(first, words) => {
                    let width = widths.first().copied().unwrap_or(0);
                    format!("{indent}{first:width$}  {words}\n")
                }
            };
        }
        text
    }

    fn widths(&self) -> [usize; COLUMNS] {
        let mut widths = self.headings.map(|(heading, _)| heading.len());
        let mut widen = |column: usize, cell: &str| {
            widths[column] = widths[column].max(cell.chars().count());
        };
        for row in &self.rows {
            match row {
                Row::Cells(cells) => {
                    for (column, cell) in cells.iter().enumerate() {
                        widen(column, cell);
                    }
                }
                Row::Across(first, _) => widen(0, first),
            }
        }
        widths
    }

    fn line(&self, indent: &str, cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
        let cell = |column: usize| {
            let (cell, width) = (&cells[column], widths[column]);
            match self.headings[column].1 {
                Align::Left => format!("{cell:width$}"),
                Align::Right => format!("{cell:>width$}"),
            }
        };
        let cells: Vec<String> = (0..COLUMNS).map(cell).collect();
        format!("{indent}{}\n", cells.join("  ").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_one_another() {
        let mut table = Table::new([
            ("NAME", Align::Left),
            ("N", Align::Right),
            ("", Align::Left),
        ]);
        table.row(["ä".into(), "1,000".into(), "x".into()]);
        table.across(
            "broken".into(),
            "a reason that is longer than the table".into(),
        );
        table.row(["imu".into(), "7".into(), String::new()]);
        assert_eq!(
            table.render(" "),
            " NAME        N\n ä       1,000  x\n broken  a reason that is longer than the table\n imu         7\n"
        );
    }
}
