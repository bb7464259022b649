//! Records as documents of YAML: a line a field, and nothing in them that a terminal would obey.

mod scalar;

use std::collections::HashMap;
use std::fmt::Write;

use ringbuf_console::select;
use ringbuf_console::times::Time;
use ringbuf_console::usage::Usage;
use ringbuf_console::values::Value;
use ringbuf_core::{Column, Field, Records, Schema};

use self::scalar::{scalar, string};

/// Values of an array that are shown, as in ROS.
const SHOWN: usize = 128;
/// Values of a record that are shown when all of them are asked for: more are hundreds of megabytes to remember.
const MOST: usize = 1 << 20;

/// What of a record is shown, and how.
pub(super) struct Document {
    items: Vec<Item>,
}

/// A line.
struct Item {
    /// As YAML.
    key: String,
    value: Shown,
}

enum Shown {
    Single(Column),
    Array {
        columns: Vec<Column>,
        /// Of the columns; one number if it is cut short.
        shape: Vec<usize>,
        is_cut: bool,
    },
}

impl Document {
    /// All fields, or these.
    pub(super) fn of(
        schema: &Schema,
        names: &[String],
        full_length: bool,
    ) -> Result<Document, Usage> {
        let listed = Listed::of(schema);
        let mut left = if full_length { MOST } else { usize::MAX };
        let mut item = |field: &Field| {
            let most = if full_length { left } else { SHOWN };
            left = left.saturating_sub(field.values());
            Item::of(&listed, field, most)
        };
        let mut items = Vec::new();
        if names.is_empty() {
            items.extend(schema.fields().iter().map(&mut item));
        }
        for name in names {
            match schema.field(name) {
                Some(field) => items.push(item(field)),
                None => {
                    let columns = select::all(schema, std::slice::from_ref(name))?;
                    items.extend(columns.into_iter().map(Item::single));
                }
            }
        }
        Ok(Document { items })
    }

    /// Adds the document of one record.
    pub(super) fn write(
        &self,
        records: &Records<'_>,
        record: usize,
        sequence: u64,
        published_ns: Option<i64>,
        out: &mut String,
    ) {
        // A String takes everything.
        let _ = match published_ns.map(|ns| Time::wall(ns.into())) {
            None | Some(Time::Missing) => writeln!(out, "# {sequence}"),
            Some(time) => writeln!(out, "# {sequence}, published {time}"),
        };
        for item in &self.items {
            *out += &item.key;
            *out += ": ";
            match &item.value {
                Shown::Single(column) => *out += &scalar(&Value::of(records, record, column)),
                Shown::Array {
                    columns,
                    shape,
                    is_cut,
                } => {
                    let value = |i: usize| match columns.get(i) {
                        Some(column) => scalar(&Value::of(records, record, column)),
                        None => "null".to_owned(),
                    };
                    nested(shape, &mut (0..), &value, *is_cut, out);
                }
            }
            out.push('\n');
        }
        *out += "---\n";
    }
}

impl Item {
    fn single(column: Column) -> Item {
        Item {
            key: string(column.name()),
            value: Shown::Single(column),
        }
    }

    /// At most so many of its values.
    fn of(listed: &Listed<'_>, field: &Field, most: usize) -> Item {
        let (shape, count) = (field.get_shape(), field.values());
        let columns: Vec<Column> = (0..count.min(most))
            .map_while(|index| listed.column(field, index))
            .collect();
        if shape.is_empty()
            && let [column] = columns.as_slice()
        {
            return Item::single(column.clone());
        }
        let is_cut = columns.len() < count;
        Item {
            key: string(field.name()),
            value: Shown::Array {
                shape: if is_cut {
                    vec![columns.len()]
                } else {
                    shape.to_vec()
                },
                columns,
                is_cut,
            },
        }
    }
}

/// The columns of a schema by where they are: looking for each by its name takes too long where there are many.
struct Listed<'a> {
    schema: &'a Schema,
    by_offset: HashMap<usize, Column>,
}

impl Listed<'_> {
    fn of(schema: &Schema) -> Listed<'_> {
        let columns = schema.columns().into_iter();
        Listed {
            schema,
            by_offset: columns.map(|column| (column.offset(), column)).collect(),
        }
    }

    /// A value of a field.
    fn column(&self, field: &Field, index: usize) -> Option<Column> {
        let offset = field.offset() + index * field.element().size();
        if let Some(column) = self.by_offset.get(&offset) {
            return Some(column.clone());
        }
        // Of an array that is too large to be listed.
        let name = format!("{}{}", field.name(), subscript(field.get_shape(), index));
        self.schema.column(&name)
    }
}

/// `[1][2]` for value number 5 of a 2 by 3 matrix.
fn subscript(shape: &[usize], mut index: usize) -> String {
    let mut text = String::new();
    for &extent in shape.iter().rev() {
        let extent = extent.max(1);
        text.insert_str(0, &format!("[{}]", index % extent));
        index /= extent;
    }
    text
}

/// `[[1, 2], [3, 4]]` for a 2 by 2 matrix.
fn nested(
    shape: &[usize],
    next: &mut impl Iterator<Item = usize>,
    value: &impl Fn(usize) -> String,
    is_cut: bool,
    out: &mut String,
) {
    let Some((&extent, inner)) = shape.split_first() else {
        if let Some(i) = next.next() {
            *out += &value(i);
        }
        return;
    };
    out.push('[');
    for i in 0..extent {
        if i > 0 {
            *out += ", ";
        }
        nested(inner, next, value, false, out);
    }
    if is_cut {
        *out += if shape == [0] { "'...'" } else { ", '...'" };
    }
    out.push(']');
}
