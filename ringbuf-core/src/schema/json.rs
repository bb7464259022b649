//! The schema as it is stored in a file: JSON whose `dtype` NumPy takes as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::element::decimal;
use super::error::excerpt;
use super::{Clock, Element, Field, MAX_DIMENSIONS, MAX_JSON, Role, Schema, SchemaError};

// What is not known is refused: a key that changes the meaning of the bytes, as NumPy's `aligned`
// does, must not be passed over.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    dtype: Dtype,
    #[serde(default)]
    fields: BTreeMap<String, Meaning>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dtype {
    names: Vec<String>,
    formats: Vec<String>,
    offsets: Vec<usize>,
    itemsize: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meaning {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<ClockName>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClockName {
    Unix,
    Monotonic,
    Recording,
}

impl From<Clock> for ClockName {
    fn from(clock: Clock) -> ClockName {
        match clock {
            Clock::Unix => ClockName::Unix,
            Clock::Monotonic => ClockName::Monotonic,
            Clock::Recording => ClockName::Recording,
        }
    }
}

impl From<ClockName> for Clock {
    fn from(name: ClockName) -> Clock {
        match name {
            ClockName::Unix => Clock::Unix,
            ClockName::Monotonic => Clock::Monotonic,
            ClockName::Recording => Clock::Recording,
        }
    }
}

impl Schema {
    /// The schema as JSON; in Python `np.dtype(json.loads(text)["dtype"])` is the record's type.
    ///
    /// ```
    /// use ringbuf_core::{Clock, Element, Field, Schema};
    ///
    /// let schema = Schema::packed([
    ///     Field::new("t", Element::U64).unit("ns").time(Clock::Unix),
    ///     Field::new("accel", Element::F32).shape(&[3]),
    /// ]).unwrap();
    /// assert_eq!(
    ///     schema.to_json(),
    ///     r#"{"dtype":{"names":["t","accel"],"formats":["<u8","(3,)<f4"],"offsets":[0,8],"#
    ///         .to_owned() + r#""itemsize":20},"fields":{"t":{"unit":"ns","time":"unix"}}}"#
    /// );
    /// ```
    pub fn to_json(&self) -> String {
        let fields = self.fields();
        let document = Document {
            dtype: Dtype {
                names: fields.iter().map(|field| field.name().into()).collect(),
                formats: fields.iter().map(Field::format).collect(),
                offsets: fields.iter().map(Field::offset).collect(),
                itemsize: self.size(),
            },
            fields: fields.iter().filter_map(meaning).collect(),
        };
        serde_json::to_string(&document).expect("strings and numbers are always JSON")
    }

    /// The schema that [`to_json`](Schema::to_json) wrote. Safe on any bytes whatever.
    ///
    /// # Errors
    ///
    /// The [`SchemaError`] that says what is wrong first.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Schema};
    ///
    /// let schema = Schema::packed([Field::new("x", Element::F64)]).unwrap();
    /// assert_eq!(Schema::from_json(schema.to_json().as_bytes()).unwrap(), schema);
    /// assert!(Schema::from_json(b"{}").is_err());
    /// ```
    pub fn from_json(json: &[u8]) -> Result<Schema, SchemaError> {
        if json.len() > MAX_JSON {
            return Err(SchemaError::JsonTooLong { found: json.len() });
        }
        let document: Document =
            serde_json::from_slice(json).map_err(|error| SchemaError::Json {
                reason: excerpt(&error.to_string()),
            })?;
        let Document { dtype, mut fields } = document;
        let lengths = (dtype.names.len(), dtype.formats.len(), dtype.offsets.len());
        let (names, formats, offsets) = lengths;
        if names != formats || names != offsets {
            return Err(SchemaError::Lengths {
                names,
                formats,
                offsets,
            });
        }
        let mut described = Vec::with_capacity(names);
        for ((name, format), offset) in dtype
            .names
            .into_iter()
            .zip(dtype.formats)
            .zip(dtype.offsets)
        {
            let meaning = fields.remove(&name);
            described.push(describe(name, &format, offset, meaning)?);
        }
        if let Some(name) = fields.keys().next() {
            return Err(SchemaError::UnknownField {
                name: excerpt(name),
            });
        }
        Schema::with_offsets(described, dtype.itemsize)
    }
}

fn meaning(field: &Field) -> Option<(String, Meaning)> {
    let time = match field.role() {
        Role::Value => None,
        Role::Time(clock) => Some(clock.into()),
    };
    let unit = field.get_unit().map(str::to_owned);
    let told = unit.is_some() || time.is_some();
    told.then(|| (field.name().to_owned(), Meaning { unit, time }))
}

fn describe(
    name: String,
    format: &str,
    offset: usize,
    meaning: Option<Meaning>,
) -> Result<Field, SchemaError> {
    let (shape, element) = parse_format(format).ok_or_else(|| SchemaError::Format {
        found: excerpt(format),
    })?;
    let mut field = Field::new(name, element).shape(&shape).at(offset);
    if let Some(meaning) = meaning {
        if let Some(unit) = meaning.unit {
            field = field.unit(unit);
        }
        if let Some(clock) = meaning.time {
            field = field.time(clock.into());
        }
    }
    Ok(field)
}

/// `<f4`, `(3,)<f4` or `(2,3)<f4`.
fn parse_format(format: &str) -> Option<(Vec<usize>, Element)> {
    let Some(array) = format.strip_prefix('(') else {
        return Some((Vec::new(), Element::parse(format).ok()?));
    };
    let (dimensions, element) = array.split_once(')')?;
    let dimensions = match dimensions.strip_suffix(',') {
        Some(one) if !one.contains(',') => one,
        Some(_) => return None,
        None => dimensions,
    };
    let shape: Vec<usize> = dimensions
        .split(',')
        // One more than allowed, so that the check of the field refuses it by name.
        .take(MAX_DIMENSIONS + 1)
        .map(|digits| Some(decimal(digits)?).filter(|_| !digits.is_empty()))
        .collect::<Option<_>>()?;
    Some((shape, Element::parse(element).ok()?))
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
