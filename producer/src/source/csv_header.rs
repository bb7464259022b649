//! The first row of a CSV file: the names of its columns.

use super::{columns::Found, csv_cell, csv_rows::Rows, csv_time::TimeFormat, error::Fault};

/// The column names, each as it stands in the file.
pub(crate) fn names(rows: &Rows) -> Result<Vec<Found>, Fault> {
    let header = rows.row();
    if header
        .get(0)
        .is_some_and(|first| first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff"))
    {
        return Err(Fault::Utf16);
    }
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (at, cell) in header.iter().enumerate() {
        let bad = |expected| Fault::Name {
            line: rows.line(),
            column: at + 1,
            found: csv_cell::shown(cell),
            expected,
        };
        let Ok(name) = std::str::from_utf8(cell) else {
            return Err(bad("UTF-8; save the file again as UTF-8"));
        };
        if name.trim().is_empty() {
            return Err(bad("a name for every column"));
        }
        if name.contains(|c: char| c.is_control() && c != '\t') {
            return Err(bad(
                "a name without control characters; is this a CSV file?",
            ));
        }
        if names.iter().any(|earlier| earlier == name) {
            return Err(bad("a name that no other column has"));
        }
        names.push(name.to_owned());
    }
    if names
        .iter()
        .all(|name| csv_cell::is_number(name) || is_date(name))
    {
        return Err(Fault::NoHeader {
            line: rows.line(),
            found: csv_cell::shown(names.join(",").as_bytes()),
        });
    }
    let found = |name| Found {
        name,
        shape: Vec::new(),
    };
    Ok(names.into_iter().map(found).collect())
}

fn is_date(name: &str) -> bool {
    TimeFormat::DateTime.parse(name).is_some()
}
