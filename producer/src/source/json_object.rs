//! One JSON object: from its keys to the fields of a record.

use std::collections::{HashMap, HashSet};

use ringbuf_core::Schema;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    columns::{Columns, Found, Place, unclear_time},
    csv_cell,
    csv_time::TimeFormat,
    error::Fault,
    json_value,
    kind::Kind,
    options::{ColumnOptions, Noun},
};

/// What becomes of every key.
#[derive(Debug)]
pub(crate) struct Keys {
    columns: Columns,
    index: HashMap<String, usize>,
    leave_out: HashSet<String>,
    leave_out_others: bool,
    /// A record in which everything is missing that may be.
    blank: Vec<u8>,
    /// Keys that no object may be without.
    needed: Vec<usize>,
    /// The line in which every key was seen last.
    seen: Vec<u64>,
}

impl Keys {
    /// As the first object says, or the schema that is given.
    pub(crate) fn new(first: Option<(u64, &str)>, options: &ColumnOptions) -> Result<Keys, Fault> {
        let columns = match (&options.schema, first) {
            (Some(schema), _) => Columns::keys(schema, options)?,
            (None, Some((line, text))) => found(line, text, options)?,
            (None, None) => {
                return Err(Fault::Empty {
                    expected: "one JSON object a line",
                });
            }
        };
        let mut blank = vec![0; columns.schema.size()];
        let mut needed = Vec::new();
        for (at, place) in columns.places.iter().enumerate() {
            let field = &mut blank[place.offset..][..json_value::size(place)];
            if json_value::write_missing(place, field).is_none() {
                needed.push(at);
            }
        }
        let names = columns.names.iter().cloned();
        Ok(Keys {
            index: names.zip(0..).collect(),
            leave_out: options.leave_out.iter().cloned().collect(),
            leave_out_others: options.leave_out_others,
            blank,
            needed,
            seen: vec![0; columns.names.len()],
            columns,
        })
    }

    /// What a record consists of.
    pub(crate) fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    /// The time's key and how it is understood.
    pub(crate) fn time(&self) -> Option<(&str, TimeFormat)> {
        self.columns.time()
    }

    /// Writes the record that the object in line `line` means.
    pub(crate) fn write(&mut self, line: u64, text: &str, record: &mut [u8]) -> Result<(), Fault> {
        record.copy_from_slice(&self.blank);
        let mut fault = None;
        let object = Object {
            keys: self,
            line,
            record,
            fault: &mut fault,
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(object).and_then(|()| json.end());
        if let Some(fault) = fault {
            return Err(fault);
        }
        read.map_err(|error| no_object(line, text, &error))?;
        match self.needed.iter().find(|&&at| self.seen[at] != line) {
            None => Ok(()),
            Some(&at) => Err(Fault::NoKey {
                line,
                name: self.columns.names[at].clone(),
                type_name: match self.columns.places[at].kind {
                    Kind::Number(element) => element.to_string(),
                    _ => String::new(),
                },
            }),
        }
    }

    /// Writes one value of line `line`.
    fn value(&mut self, line: u64, key: Key, text: &str, record: &mut [u8]) -> Result<(), Fault> {
        let at = match key {
            Key::At(at) => at,
            Key::LeftOut => return Ok(()),
            Key::Other(name) => {
                return Err(Fault::OtherKey {
                    line,
                    name,
                    names: self.published(),
                });
            }
        };
        let (name, place) = (&self.columns.names[at], &self.columns.places[at]);
        if std::mem::replace(&mut self.seen[at], line) == line {
            return Err(Fault::Twice {
                line,
                name: name.clone(),
            });
        }
        if place.kind == Kind::Left {
            return Ok(());
        }
        let field = &mut record[place.offset..][..json_value::size(place)];
        json_value::write(place, text, field).ok_or_else(|| bad_value(line, name, place, text))
    }

    fn published(&self) -> Vec<String> {
        let both = self.columns.names.iter().zip(&self.columns.places);
        both.filter(|(_, place)| place.kind != Kind::Left)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

#[cold]
fn bad_value(line: u64, name: &str, place: &Place, text: &str) -> Fault {
    Fault::Value {
        line,
        name: name.to_owned(),
        found: json_value::shown(text),
        expected: json_value::expected(place, text),
    }
}

/// The fields that the first object has.
fn found(line: u64, text: &str, options: &ColumnOptions) -> Result<Columns, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let values = json
        .deserialize_map(Values)
        .and_then(|values| json.end().map(|()| values))
        .map_err(|error| no_object(line, text, &error))?;
    let mut found = Vec::with_capacity(values.len());
    for (name, value) in &values {
        let shape = json_value::shape(value.get());
        if shape.is_none() && !options.leave_out.contains(name) {
            return Err(Fault::Value {
                line,
                name: name.clone(),
                found: json_value::shown(value.get()),
                expected: "at least one number in an array of the first object, since later ones have as many; \
                           --schema or --leave-out"
                    .to_owned(),
            });
        }
        found.push(Found {
            name: name.clone(),
            shape: shape.unwrap_or_default(),
        });
    }
    let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
    let unclear = unclear_time(Noun::Key, &names, options)?;
    let cell = unclear.and_then(|at| json_value::plain(values[at].1.get()));
    let cell = cell.filter(|cell| !csv_cell::is_missing(cell));
    Columns::resolve(Noun::Key, found, options, cell.as_deref())
}

#[cold]
fn no_object(line: u64, text: &str, error: &serde_json::Error) -> Fault {
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let start = text.trim_start();
    let advice = if start.starts_with('[') {
        "; jq -c '.[]' makes lines of an array"
    } else if error.is_eof() {
        "; jq -c . puts an object on one line"
    } else if start.contains("NaN") || start.contains("Infinity") {
        "; what is no number is null in JSON"
    } else {
        ""
    };
    Fault::Json {
        line,
        column: error.column(),
        found: json_value::shown(text),
        reason: reason.escape_debug().to_string(),
        advice,
    }
}

/// An object that is being written into a record.
struct Object<'a> {
    keys: &'a mut Keys,
    line: u64,
    record: &'a mut [u8],
    /// What is wrong, in better words than a parser's.
    fault: &'a mut Option<Fault>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(&*self.keys)? {
            let value: &RawValue = map.next_value()?;
            let written = self.keys.value(self.line, key, value.get(), self.record);
            written.map_err(|fault| {
                *self.fault = Some(fault);
                A::Error::custom("")
            })?;
        }
        Ok(())
    }
}

/// Which key it is.
pub(crate) enum Key {
    At(usize),
    LeftOut,
    Other(String),
}

impl<'de> DeserializeSeed<'de> for &Keys {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for &Keys {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(match self.index.get(name) {
            Some(&at) => Key::At(at),
            None if self.leave_out_others || self.leave_out.contains(name) => Key::LeftOut,
            None => Key::Other(name.to_owned()),
        })
    }
}

/// The keys and values of an object in its order.
struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(entry) = map.next_entry()? {
            values.push(entry);
        }
        Ok(values)
    }
}
