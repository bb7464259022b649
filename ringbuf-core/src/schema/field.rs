//! One field of a record: its name, type, place and meaning.

use std::fmt;

use super::error::excerpt;
use super::{Element, SchemaError};
use super::{MAX_DIMENSIONS, MAX_SIZE, MAX_TEXT};

/// The clock a time is on.
///
/// ```
/// use ringbuf_core::Clock;
///
/// assert_eq!(Clock::Unix.to_string(), "unix");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Since the Unix epoch: comparable between machines, may jump.
    Unix,
    /// Since this machine started: never goes back.
    Monotonic,
    /// Since the recording began.
    Recording,
}

impl Clock {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Clock::Unix => "unix",
            Clock::Monotonic => "monotonic",
            Clock::Recording => "recording",
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a field means.
///
/// ```
/// use ringbuf_core::{Clock, Element, Field, Role};
///
/// assert_eq!(Field::new("g", Element::F32).role(), Role::Value);
/// assert_eq!(
///     Field::new("t", Element::U64).time(Clock::Unix).role(),
///     Role::Time(Clock::Unix)
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Something measured.
    Value,
    /// When it was measured.
    Time(Clock),
}

/// One field of a record.
///
/// The setters have the plain names; where one would hide a getter, the getter begins with `get_`.
///
/// ```
/// use ringbuf_core::{Element, Field};
///
/// let accel = Field::new("accel", Element::F32).shape(&[3]).unit("m/s2");
/// assert_eq!(accel.size(), 12);
/// assert_eq!(accel.get_shape(), [3]);
/// assert_eq!(accel.get_unit(), Some("m/s2"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    name: String,
    element: Element,
    shape: Vec<usize>,
    offset: usize,
    unit: Option<String>,
    role: Role,
}

impl Field {
    /// A single value at offset 0, without unit, that is not a time.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field};
    ///
    /// assert_eq!(Field::new("volts", Element::F64).name(), "volts");
    /// ```
    pub fn new(name: impl Into<String>, element: Element) -> Field {
        Field {
            name: name.into(),
            element,
            shape: Vec::new(),
            offset: 0,
            unit: None,
            role: Role::Value,
        }
    }

    /// Makes it an array with these dimensions, the last one running fastest.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field};
    ///
    /// assert_eq!(Field::new("m", Element::F64).shape(&[2, 3]).size(), 48);
    /// ```
    #[must_use]
    pub fn shape(mut self, shape: &[usize]) -> Field {
        self.shape = shape.to_vec();
        self
    }

    /// Says in what unit the values are.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field};
    ///
    /// assert_eq!(Field::new("t", Element::F32).unit("°C").get_unit(), Some("°C"));
    /// ```
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Field {
        self.unit = Some(unit.into());
        self
    }

    /// Says that this is the time of the record, and on which clock.
    ///
    /// ```
    /// use ringbuf_core::{Clock, Element, Field, Schema};
    ///
    /// let time = Field::new("t", Element::DateTimeNs).time(Clock::Unix);
    /// let schema = Schema::packed([time, Field::new("x", Element::F64)]).unwrap();
    /// assert_eq!(schema.time_field().unwrap().name(), "t");
    /// ```
    #[must_use]
    pub fn time(mut self, clock: Clock) -> Field {
        self.role = Role::Time(clock);
        self
    }

    /// Places it at this byte of the record, for [`Schema::with_offsets`](super::Schema::with_offsets).
    ///
    /// ```
    /// use ringbuf_core::{Element, Field};
    ///
    /// assert_eq!(Field::new("x", Element::F32).at(8).offset(), 8);
    /// ```
    #[must_use]
    pub fn at(mut self, offset: usize) -> Field {
        self.offset = offset;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of each of its values.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Its dimensions; empty for a single value.
    pub fn get_shape(&self) -> &[usize] {
        &self.shape
    }

    /// The byte of the record at which it begins.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// In what unit its values are, if that is known.
    pub fn get_unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What it means.
    pub fn role(&self) -> Role {
        self.role
    }

    /// How many values it has: 1, or the product of its dimensions.
    pub fn values(&self) -> usize {
        self.shape
            .iter()
            .fold(1, |n, &dimension| n.saturating_mul(dimension))
    }

    /// Its bytes.
    pub fn size(&self) -> usize {
        self.values().saturating_mul(self.element.size())
    }

    /// What NumPy calls its type and shape.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field};
    ///
    /// assert_eq!(Field::new("x", Element::F32).shape(&[3]).format(), "(3,)<f4");
    /// ```
    pub fn format(&self) -> String {
        let element = self.element.format();
        match self.shape.as_slice() {
            [] => element,
            [length] => format!("({length},){element}"),
            dimensions => {
                let dimensions: Vec<String> = dimensions.iter().map(usize::to_string).collect();
                format!("({}){element}", dimensions.join(","))
            }
        }
    }

    /// Type and shape as people read them: `f32[3]`.
    pub(crate) fn type_name(&self) -> String {
        let mut name = self.element.to_string();
        for dimension in &self.shape {
            name.push_str(&format!("[{dimension}]"));
        }
        name
    }

    /// Everything that can be wrong with a field on its own.
    pub(super) fn check(&self) -> Result<(), SchemaError> {
        if self.name.is_empty() || !printable(&self.name) {
            return Err(SchemaError::Name {
                found: excerpt(&self.name),
            });
        }
        if let Some(unit) = self.unit.as_deref()
            && !printable(unit)
        {
            return Err(SchemaError::Unit {
                field: self.name.clone(),
                found: excerpt(unit),
            });
        }
        if self.shape.len() > MAX_DIMENSIONS || !(1..=MAX_SIZE).contains(&self.size()) {
            return Err(SchemaError::Shape {
                field: self.name.clone(),
                found: excerpt(&self.type_name()),
            });
        }
        self.check_time()
    }

    fn check_time(&self) -> Result<(), SchemaError> {
        let Role::Time(clock) = self.role else {
            return Ok(());
        };
        let one_number = self.element.is_number() && self.shape.is_empty();
        let right_clock = self.element != Element::DateTimeNs || clock == Clock::Unix;
        if one_number && right_clock {
            return Ok(());
        }
        Err(SchemaError::Time {
            field: self.name.clone(),
            clock: clock.name(),
            found: self.type_name(),
        })
    }
}

fn printable(text: &str) -> bool {
    text.len() <= MAX_TEXT && !text.chars().any(char::is_control)
}
