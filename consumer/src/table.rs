//! Numbers and tables for people.

use std::fmt;

/// Columns under a header: the first and the last to the left, numbers between them to the right.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With as many columns as there are names.
    pub fn new<N: Into<String>>(header: impl IntoIterator<Item = N>) -> Table {
        Table {
            rows: vec![header.into_iter().map(N::into).collect()],
        }
    }

    /// As many cells as there are columns.
    pub fn row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| width(&row[column])).max())
            .map(Option::unwrap_or_default)
            .collect();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                line += &if column == 0 || column + 1 == columns {
                    format!("{gap}{cell:<width$}")
                } else {
                    format!("{gap}{cell:>width$}")
                };
            }
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// A number to six digits, or `-` for none.
pub fn figure(number: impl Into<Option<f64>>) -> String {
    let Some(number) = number.into().filter(|number| !number.is_nan()) else {
        return "-".to_owned();
    };
    let size = number.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e9).contains(&size) {
        format!("{number:.5e}")
    } else if number.fract() == 0.0 {
        format!("{number}")
    } else {
        // At least one digit behind the point shows that it is not a whole number.
        let before_the_point = size.log10().floor() as i32 + 1;
        let decimals = (6 - before_the_point).clamp(1, 9) as usize;
        format!("{number:.decimals$}")
    }
}

/// A length of time to three digits, in the unit that suits it.
pub fn time(seconds: f64) -> String {
    let (scale, unit) = match seconds.abs() {
        0.0 => return "0 s".to_owned(),
        size if size < 1e-6 => (1e9, "ns"),
        size if size < 1e-3 => (1e6, "µs"),
        size if size < 1.0 => (1e3, "ms"),
        size if size < 1e3 => (1.0, "s"),
        size if size < 36e4 => (1.0 / 3600.0, "h"),
        _ => (1.0 / 86400.0, "days"),
    };
    let number = seconds * scale;
    let decimals = match number.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        assert_eq!(figure(73.967_322_07), "73.9673");
        assert_eq!(figure(-0.001_234_567_8), "-0.00123457");
        assert_eq!(figure(123_456_789.5), "123456789.5");
        assert_eq!(figure(100.0), "100");
        assert_eq!(figure(0.0), "0");
        assert_eq!(figure(1.5e-7), "1.50000e-7");
        assert_eq!(figure(-2.5e12), "-2.50000e12");
        assert_eq!(figure(f64::NAN), "-");
        assert_eq!(figure(None), "-");
        assert_eq!(figure(f64::INFINITY), "inf");
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["field", "mean", "unit"]);
        table.row(["x".to_owned(), "10.5".to_owned(), "µT".to_owned()]);
        table.row(["longer".to_owned(), "-1".to_owned(), String::new()]);
        let expected = "field   mean  unit\nx       10.5  µT\nlonger    -1";
        assert_eq!(table.to_string(), expected);
    }
}
