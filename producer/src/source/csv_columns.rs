//! From the header of a recording to the fields of a record.

use ringbuf_core::{Element, Field, Schema};

use super::{
    csv::CsvOptions,
    csv_cell,
    csv_error::{CsvError, Fault},
    csv_rows::Rows,
    csv_time::{self, TimeFormat},
    unit,
};

/// How one column of the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Time(TimeFormat),
    Number,
    Text(usize),
    /// Not published.
    Left,
}

/// The columns of a file, in its order.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) names: Vec<String>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) schema: Schema,
}

impl Columns {
    /// Decides what every column is, from the header `rows` is at and from the options.
    ///
    /// `probe` is asked for the first cell of a column that is not empty.
    pub(crate) fn resolve(
        rows: &Rows,
        options: &CsvOptions,
        probe: impl Fn(usize) -> Result<Option<String>, CsvError>,
    ) -> Result<Columns, CsvError> {
        let names = names(rows).map_err(|fault| rows.fault(fault))?;
        let mut kinds = vec![Kind::Number; names.len()];
        for (name, size) in &options.text {
            kinds[position(&names, "--text", name).map_err(|f| rows.fault(f))?] = Kind::Text(*size);
        }
        if let Some(at) = time_column(&names, options).map_err(|f| rows.fault(f))? {
            kinds[at] = if options.no_time {
                Kind::Left
            } else {
                let format = match options.time_format {
                    Some(format) => format,
                    None => TimeFormat::guess(&names[at], probe(at)?.as_deref()),
                };
                Kind::Time(format)
            };
        }
        for name in &options.leave_out {
            kinds[position(&names, "--leave-out", name).map_err(|f| rows.fault(f))?] = Kind::Left;
        }
        let fields: Vec<Field> = names
            .iter()
            .zip(&kinds)
            .filter_map(|(name, kind)| field(name, *kind))
            .collect();
        if fields.is_empty() {
            return Err(rows.fault(Fault::NoColumns));
        }
        let schema = Schema::packed(fields).map_err(|error| rows.fault(Fault::Schema(error)))?;
        Ok(Columns {
            names,
            kinds,
            schema,
        })
    }

    /// The time column's name and format.
    pub(crate) fn time(&self) -> Option<(&str, TimeFormat)> {
        self.kinds
            .iter()
            .zip(&self.names)
            .find_map(|(kind, name)| match kind {
                Kind::Time(format) => Some((name.as_str(), *format)),
                _ => None,
            })
    }
}

fn field(name: &str, kind: Kind) -> Option<Field> {
    let field = match kind {
        Kind::Left => return None,
        Kind::Time(format) => return Some(format.field(name)),
        Kind::Number => Field::new(name, Element::F64),
        Kind::Text(size) => Field::new(name, Element::Text(size)),
    };
    Some(match unit::in_brackets(name) {
        Some((_, unit)) => field.unit(unit),
        None => field,
    })
}

fn time_column(names: &[String], options: &CsvOptions) -> Result<Option<usize>, Fault> {
    if let Some(name) = &options.time {
        return position(names, "--time", name).map(Some);
    }
    let spoken_for = |name: &String| {
        options.leave_out.contains(name) || options.text.iter().any(|(text, _)| text == name)
    };
    Ok(names
        .iter()
        .position(|name| csv_time::is_time_header(name) && !spoken_for(name)))
}

fn position(names: &[String], option: &'static str, name: &str) -> Result<usize, Fault> {
    names
        .iter()
        .position(|column| column == name)
        .ok_or_else(|| Fault::NoSuchColumn {
            option,
            name: name.to_owned(),
            columns: names.to_vec(),
        })
}

/// The column names, each as it stands in the file.
fn names(rows: &Rows) -> Result<Vec<String>, Fault> {
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
        .all(|name| csv_cell::number(name).is_some() || is_date(name))
    {
        return Err(Fault::NoHeader {
            line: rows.line(),
            found: csv_cell::shown(names.join(",").as_bytes()),
        });
    }
    Ok(names)
}

fn is_date(name: &str) -> bool {
    TimeFormat::DateTime.parse(name).is_some()
}
