//! From named values to the fields of a record.

use ringbuf_core::{Element, Field, Schema};

use super::{
    csv_time::{self, TimeFormat},
    error::Fault,
    kind::Kind,
    options::{ColumnOptions, Noun},
    unit,
};

/// Where one named value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// The byte of the record at which it begins.
    pub(crate) offset: usize,
    /// Its dimensions; empty for a single value.
    pub(crate) shape: Vec<usize>,
}

impl Place {
    const LEFT: Place = Place {
        kind: Kind::Left,
        offset: 0,
        shape: Vec::new(),
    };

    fn of(field: &Field, time: Option<TimeFormat>) -> Place {
        Place {
            kind: Kind::of(field.element(), time, field.name()),
            offset: field.offset(),
            shape: field.get_shape().to_vec(),
        }
    }
}

/// The columns of a file, or the keys of an object, in its order.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) names: Vec<String>,
    pub(crate) places: Vec<Place>,
    pub(crate) schema: Schema,
}

/// A named value as it is found: its dimensions are none if it is a single one.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

/// The column that holds the time, if only one of its cells can tell how.
pub(crate) fn unclear_time(
    noun: Noun,
    names: &[String],
    options: &ColumnOptions,
) -> Result<Option<usize>, Fault> {
    let is_clear = options.no_time || options.time_format.is_some() || options.schema.is_some();
    match time_column(noun, names, options)? {
        Some(at) if !is_clear && !options.leave_out.contains(&names[at]) => Ok(Some(at)),
        _ => Ok(None),
    }
}

impl Columns {
    /// Decides what every column is, from the options; `cell` is one of the column with the unclear time.
    pub(crate) fn resolve(
        noun: Noun,
        found: Vec<Found>,
        options: &ColumnOptions,
        cell: Option<&str>,
    ) -> Result<Columns, Fault> {
        if let Some(schema) = &options.schema {
            return Columns::given(schema, found, options);
        }
        let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
        let mut kinds = vec![Kind::Number(Element::F64); names.len()];
        for (name, size) in &options.text {
            kinds[position(noun, &names, "--text", name)?] = Kind::Text(*size);
        }
        if let Some(at) = time_column(noun, &names, options)? {
            kinds[at] = if options.no_time {
                Kind::Left
            } else {
                let format = options.time_format;
                Kind::Time(format.unwrap_or_else(|| TimeFormat::guess(&names[at], cell)))
            };
        }
        for name in &options.leave_out {
            match position(noun, &names, "--leave-out", name) {
                Ok(at) => kinds[at] = Kind::Left,
                // A key that the first object has not may come later.
                Err(_) if noun == Noun::Key => {}
                Err(fault) => return Err(fault),
            }
        }
        let fields = found
            .iter()
            .zip(&kinds)
            .filter_map(|(found, kind)| field(found, *kind));
        let fields: Vec<Field> = fields.collect();
        if fields.is_empty() {
            return Err(Fault::NothingLeft { noun });
        }
        let schema = Schema::packed(fields).map_err(|error| Fault::Schema { noun, error })?;
        let place = |(found, kind): (Found, Kind)| Place {
            kind,
            offset: schema.field(&found.name).map_or(0, Field::offset),
            shape: found.shape,
        };
        Ok(Columns {
            places: found.into_iter().zip(kinds).map(place).collect(),
            names,
            schema,
        })
    }

    /// The columns of a file, for fields that are given. A field that is an array has a column for each of its
    /// values: `accel[0]`.
    fn given(
        schema: &Schema,
        found: Vec<Found>,
        options: &ColumnOptions,
    ) -> Result<Columns, Fault> {
        let time = given_time(schema, options)?;
        let names: Vec<String> = found.into_iter().map(|found| found.name).collect();
        let mut places = Vec::with_capacity(names.len());
        for name in &names {
            let column = schema.column(name);
            places.push(match column {
                _ if options.leave_out.contains(name) => Place::LEFT,
                Some(column) => Place {
                    kind: Kind::of(column.element(), time_of(schema, name, time), name),
                    offset: column.offset(),
                    shape: Vec::new(),
                },
                None if options.leave_out_others => Place::LEFT,
                None => {
                    return Err(Fault::NotInSchema {
                        noun: Noun::Column,
                        name: name.clone(),
                        names: field_names(schema),
                    });
                }
            });
        }
        let there = places.iter().filter(|place| place.kind != Kind::Left);
        if there.count() < schema.fields().iter().map(Field::values).sum() {
            let columns = schema.columns();
            let mut missing = columns.iter().map(|column| column.name());
            let missing = missing.find(|name| {
                let at = names.iter().position(|found| found == name);
                at.is_none_or(|at| places[at].kind == Kind::Left)
            });
            return Err(Fault::NotInFile {
                name: missing.unwrap_or("…").to_owned(),
                names,
            });
        }
        Ok(Columns {
            names,
            places,
            schema: schema.clone(),
        })
    }

    /// The keys of objects, for fields that are given.
    pub(crate) fn keys(schema: &Schema, options: &ColumnOptions) -> Result<Columns, Fault> {
        let time = given_time(schema, options)?;
        let place = |field: &Field| Place::of(field, time_of(schema, field.name(), time));
        Ok(Columns {
            names: field_names(schema),
            places: schema.fields().iter().map(place).collect(),
            schema: schema.clone(),
        })
    }

    /// The time column's name and format.
    pub(crate) fn time(&self) -> Option<(&str, TimeFormat)> {
        let time = self.schema.time_field()?.name();
        let at = self.names.iter().position(|name| name == time)?;
        match self.places[at].kind {
            Kind::Time(format) => Some((time, format)),
            _ => None,
        }
    }
}

/// How the time that a given schema has is written, if the options say.
fn given_time(schema: &Schema, options: &ColumnOptions) -> Result<Option<TimeFormat>, Fault> {
    let Some(format) = options.time_format else {
        return Ok(None);
    };
    match schema.time_field() {
        Some(field) if field.element() == format.element() => Ok(Some(format)),
        field => Err(Fault::OtherTime {
            name: field.map_or("", Field::name).to_owned(),
            found: field.map_or("missing".to_owned(), |field| field.element().to_string()),
        }),
    }
}

fn time_of(schema: &Schema, name: &str, time: Option<TimeFormat>) -> Option<TimeFormat> {
    time.filter(|_| {
        schema
            .time_field()
            .is_some_and(|field| field.name() == name)
    })
}

pub(crate) fn field_names(schema: &Schema) -> Vec<String> {
    let names = schema.fields().iter().map(|field| field.name().to_owned());
    names.collect()
}

fn field(found: &Found, kind: Kind) -> Option<Field> {
    let name = found.name.as_str();
    let field = match kind {
        Kind::Left => return None,
        Kind::Time(format) => return Some(format.field(name).shape(&found.shape)),
        Kind::Number(element) => Field::new(name, element).shape(&found.shape),
        Kind::Text(size) => Field::new(name, Element::Text(size)).shape(&found.shape),
    };
    Some(match unit::in_brackets(name) {
        Some((_, unit)) => field.unit(unit),
        None => field,
    })
}

fn time_column(
    noun: Noun,
    names: &[String],
    options: &ColumnOptions,
) -> Result<Option<usize>, Fault> {
    if let Some(name) = &options.time {
        return position(noun, names, "--time", name).map(Some);
    }
    let spoken_for = |name: &String| {
        options.leave_out.contains(name) || options.text.iter().any(|(text, _)| text == name)
    };
    Ok(names
        .iter()
        .position(|name| csv_time::is_time_header(name) && !spoken_for(name)))
}

fn position(
    noun: Noun,
    names: &[String],
    option: &'static str,
    name: &str,
) -> Result<usize, Fault> {
    names
        .iter()
        .position(|column| column == name)
        .ok_or_else(|| Fault::NoSuchName {
            option,
            name: name.to_owned(),
            noun,
            names: names.to_vec(),
        })
}
