//! Records and frames as objects for programs.

use ringbuf_core::{Column, Element, Records};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::frames::describe::time;
use crate::frames::{Content, FrameView};
use crate::times::Time;
use crate::values::Value;

/// A record.
#[derive(Serialize)]
pub struct RecordLine<'a> {
    /// Its number.
    pub sequence: u64,
    /// When it was measured.
    pub time: Time,
    /// When it was published, if the ring tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Time>,
    /// Its values.
    pub fields: Fields<'a>,
}

/// Values by name, in the order of the columns.
pub struct Fields<'a> {
    /// Which values.
    pub columns: &'a [Column],
    /// Of one of these records.
    pub records: &'a Records<'a>,
    /// Of which one.
    pub record: usize,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            let value = Value::of(self.records, self.record, column);
            map.serialize_entry(column.name(), &value)?;
        }
        map.end()
    }
}

/// A frame: all that is known of it, and its text if it is one.
#[derive(Serialize)]
pub struct FrameLine<'a> {
    sequence: u64,
    time: Time,
    tag: u64,
    len: usize,
    #[serde(serialize_with = "by_name")]
    element: Option<Element>,
    shape: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> FrameLine<'a> {
    /// This frame.
    pub fn of(frame: &FrameView<'a>) -> FrameLine<'a> {
        FrameLine {
            sequence: frame.sequence,
            time: time(frame),
            tag: frame.tag,
            len: frame.bytes.len(),
            element: frame.array.map(|(element, _)| element),
            shape: frame.array.map_or(&[], |(_, shape)| shape),
            text: match frame.content() {
                Content::Text(text) => Some(text),
                _ => None,
            },
        }
    }
}

fn by_name<S: Serializer>(element: &Option<Element>, serializer: S) -> Result<S::Ok, S::Error> {
    match element {
        Some(element) => serializer.collect_str(element),
        None => serializer.serialize_none(),
    }
}
