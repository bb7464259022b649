//! What a record consists of: fields with names, types, places and meanings.
//!
//! The schema travels with the ring, so that any tool can read it. It describes every byte of a
//! record: there is no padding, so nothing uninitialised is ever written and records lie packed.
//! Offsets need no alignment, since whoever reads through a schema reads bytes.

mod column;
mod element;
mod error;
mod field;
mod json;

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::layout::word_size;

pub use column::Column;
pub use element::Element;
pub use error::SchemaError;
pub use field::{Clock, Field, Role};

/// Bytes of a record, at most.
pub(crate) const MAX_SIZE: usize = 1 << 30;
/// Fields of a record, at most.
pub(crate) const MAX_FIELDS: usize = 1024;
/// Dimensions of a field, at most.
pub(crate) const MAX_DIMENSIONS: usize = 4;
/// Bytes of a name or of a unit, at most.
const MAX_TEXT: usize = 255;
/// Columns listed, at most: a file of a kilobyte could otherwise ask for 2^30 of them.
const MAX_COLUMNS: usize = 1 << 16;
/// Bytes of JSON read: more than 1024 fields with the longest names and units need.
const MAX_JSON: usize = 2 << 20;

/// What a record consists of.
///
/// ```
/// use ringbuf_core::{Clock, Element, Field, Schema};
///
/// let schema = Schema::packed([
///     Field::new("t", Element::U64).unit("ns").time(Clock::Unix),
///     Field::new("accel", Element::F32).shape(&[3]).unit("m/s2"),
/// ]).unwrap();
/// assert_eq!(schema.size(), 20);
/// assert_eq!(schema.field("accel").unwrap().offset(), 8);
/// println!("{schema}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schema {
    fields: Vec<Field>,
    size: usize,
}

impl Schema {
    /// The fields in this order, one directly after the other.
    ///
    /// # Errors
    ///
    /// The [`SchemaError`] that says what is wrong first.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let schema = Schema::packed([
    ///     Field::new("state", Element::U8),
    ///     Field::new("value", Element::F64),
    /// ]).unwrap();
    /// assert_eq!((schema.field("value").unwrap().offset(), schema.size()), (1, 9));
    /// ```
    pub fn packed(fields: impl IntoIterator<Item = Field>) -> Result<Schema, SchemaError> {
        let mut size: usize = 0;
        let fields = fields.into_iter().map(|field| {
            let offset = size;
            size = size.saturating_add(field.size());
            field.at(offset)
        });
        let fields = fields.collect();
        Schema { fields, size }.checked()
    }

    /// The fields where [`Field::at`] placed them, in records of `size` bytes.
    ///
    /// # Errors
    ///
    /// The [`SchemaError`] that says what is wrong first; bytes that belong to no field, or to
    /// two, are errors.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let fields = [Field::new("b", Element::U32).at(4), Field::new("a", Element::U32).at(0)];
    /// assert_eq!(Schema::with_offsets(fields.clone(), 8).unwrap().fields()[0].name(), "b");
    /// assert!(Schema::with_offsets(fields, 12).is_err());
    /// ```
    pub fn with_offsets(
        fields: impl IntoIterator<Item = Field>,
        size: usize,
    ) -> Result<Schema, SchemaError> {
        let fields = fields.into_iter().collect();
        Schema { fields, size }.checked()
    }

    fn checked(self) -> Result<Schema, SchemaError> {
        let found = self.fields.len();
        if !(1..=MAX_FIELDS).contains(&found) {
            return Err(SchemaError::FieldCount { found });
        }
        self.fields.iter().try_for_each(Field::check)?;
        if !(1..=MAX_SIZE).contains(&self.size) {
            return Err(SchemaError::Size { found: self.size });
        }
        self.check_names()?;
        self.check_places()?;
        Ok(self)
    }

    fn check_names(&self) -> Result<(), SchemaError> {
        // A map, since a hostile schema makes this look up a hundred thousand names.
        let named: HashMap<&str, &Field> = self.fields.iter().map(|f| (f.name(), f)).collect();
        let mut seen = HashSet::new();
        for field in &self.fields {
            let name = field.name();
            let element = column::array_element(name, |array| named.get(array).copied());
            if !seen.insert(name) || element.is_some() {
                return Err(SchemaError::DuplicateName {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Every byte belongs to exactly one field.
    fn check_places(&self) -> Result<(), SchemaError> {
        let mut fields: Vec<&Field> = self.fields.iter().collect();
        fields.sort_by_key(|field| field.offset());
        let mut end = 0;
        let mut last: Option<&Field> = None;
        for field in fields {
            let offset = field.offset();
            if offset.saturating_add(field.size()) > self.size {
                return Err(SchemaError::OutOfRange {
                    field: field.name().to_owned(),
                    end: offset.saturating_add(field.size()),
                    size: self.size,
                });
            }
            if let Some(last) = last.filter(|_| offset < end) {
                return Err(SchemaError::Overlap {
                    field: field.name().to_owned(),
                    offset,
                    other: last.name().to_owned(),
                    expected: end,
                });
            }
            if offset > end {
                return Err(SchemaError::Padding {
                    from: end,
                    to: offset,
                });
            }
            end = offset + field.size();
            last = Some(field);
        }
        if end < self.size {
            return Err(SchemaError::Padding {
                from: end,
                to: self.size,
            });
        }
        Ok(())
    }

    /// Whether a type with this schema reads the records of `found` rightly: the same fields of the same
    /// types at the same places. Units and clocks must agree only where both sides name them.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let volts = Schema::packed([Field::new("u", Element::F32).unit("V")])?;
    /// let plain = Schema::packed([Field::new("u", Element::F32)])?;
    /// let celsius = Schema::packed([Field::new("u", Element::F32).unit("°C")])?;
    /// assert!(plain.describes(&volts));
    /// assert!(!celsius.describes(&volts));
    /// # Ok::<(), ringbuf_core::SchemaError>(())
    /// ```
    pub fn describes(&self, found: &Schema) -> bool {
        let same = |(mine, theirs): (&Field, &Field)| {
            let units = mine.get_unit().zip(theirs.get_unit());
            let clocks = match (mine.role(), theirs.role()) {
                (Role::Time(mine), Role::Time(theirs)) => mine == theirs,
                _ => true,
            };
            mine.name() == theirs.name()
                && mine.element() == theirs.element()
                && mine.get_shape() == theirs.get_shape()
                && mine.offset() == theirs.offset()
                && units.is_none_or(|(mine, theirs)| mine == theirs)
                && clocks
        };
        self.size == found.size
            && self.fields.len() == found.fields.len()
            && self.fields.iter().zip(&found.fields).all(same)
    }

    /// Bytes of a record, which is also the distance from one record to the next.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The fields, in the order in which they were given.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name() == name)
    }

    /// The field that says when: the first of them if several do.
    pub fn time_field(&self) -> Option<&Field> {
        let is_time = |field: &&Field| matches!(field.role(), Role::Time(_));
        self.fields.iter().find(is_time)
    }

    /// The largest of 8, 4, 2 and 1 bytes that divides a record: the word it is copied by.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let xyz = Schema::packed([Field::new("xyz", Element::F32).shape(&[3])]).unwrap();
    /// assert_eq!(xyz.word_size(), 4);
    /// ```
    pub fn word_size(&self) -> usize {
        word_size(self.size)
    }
}

impl fmt::Display for Schema {
    /// A table for people, one line a field, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 5]> = self.fields.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let [offset, name, kind, unit, _] = [0, 1, 2, 3, 4].map(|c| width(c).unwrap_or(0));
        write!(f, "record of {} bytes:", self.size)?;
        for row in &rows {
            let line = format!(
                "  {:>offset$}  {:name$}  {:kind$}  {:unit$}  {}",
                row[0], row[1], row[2], row[3], row[4]
            );
            write!(f, "\n{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn row(field: &Field) -> [String; 5] {
    let meaning = match field.role() {
        Role::Value => String::new(),
        Role::Time(clock) => format!("time, {clock} clock"),
    };
    [
        field.offset().to_string(),
        field.name().to_owned(),
        field.type_name(),
        field.get_unit().unwrap_or("").to_owned(),
        meaning,
    ]
}

#[cfg(test)]
mod tests;
