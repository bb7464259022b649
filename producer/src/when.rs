//! When a record was measured, by its own time field.

use ringbuf_core::{Column, Element, Records, Schema};

/// What is said of a record without a time.
pub(crate) const MISSING: i64 = i64::MIN;

/// Where a record has its time, and how it is counted.
#[derive(Clone, Debug)]
pub(crate) struct When {
    schema: Schema,
    column: Column,
    ns_per_unit: u32,
}

impl When {
    /// The time of records like this, if they have one.
    pub(crate) fn of(schema: &Schema) -> Option<When> {
        let column = schema.column(schema.time_field()?.name())?;
        Some(When {
            schema: schema.clone(),
            ns_per_unit: ns_per_unit(&column),
            column,
        })
    }

    /// Nanoseconds on the clock of the record; [`MISSING`] if it has none, or one that 64 bits cannot count.
    pub(crate) fn ns(&self, record: &[u8]) -> i64 {
        let record = Records::new(&self.schema, record);
        if let Some(whole) = record.integer(0, &self.column) {
            let ns = whole.checked_mul(self.ns_per_unit.into());
            return ns.and_then(|ns| ns.try_into().ok()).unwrap_or(MISSING);
        }
        let ns = record.number(0, &self.column).unwrap_or(f64::NAN) * f64::from(self.ns_per_unit);
        // The least one that fits is the one that means missing.
        if ns.abs() < i64::MAX as f64 {
            ns.round() as i64
        } else {
            MISSING
        }
    }
}

/// Where nothing is said whole numbers are nanoseconds and others are seconds, as is the custom.
fn ns_per_unit(column: &Column) -> u32 {
    let is_whole = !matches!(column.element(), Element::F32 | Element::F64);
    match (column.element(), column.unit()) {
        (Element::DateTimeNs | Element::DurationNs, _) | (_, Some("ns")) => 1,
        (_, Some("us" | "µs")) => 1_000,
        (_, Some("ms")) => 1_000_000,
        (_, Some("s")) => 1_000_000_000,
        _ if is_whole => 1,
        _ => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::schema_text;

    fn ns(schema: &str, record: &[u8]) -> i64 {
        let schema = schema_text::parse(schema).expect("a schema");
        When::of(&schema).expect("a time").ns(record)
    }

    #[test]
    fn times_of_every_type_are_nanoseconds() {
        let five = 5_u64.to_le_bytes();
        assert_eq!(ns("t:datetime", &five), 5);
        assert_eq!(ns("t:u64::unix", &five), 5);
        assert_eq!(ns("t:u64:us:monotonic", &five), 5_000);
        assert_eq!(ns("x:u8,t:u32:ms:recording", &[9, 5, 0, 0, 0]), 5_000_000);
        assert_eq!(ns("t:i8:s:recording", &[255]), -1_000_000_000);
        assert_eq!(ns("t:f64::unix", &1.5_f64.to_le_bytes()), 1_500_000_000);
        assert_eq!(ns("t:f32:ms:unix", &0.25_f32.to_le_bytes()), 250_000);
    }

    #[test]
    fn what_cannot_be_counted_is_missing() {
        for number in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(
                ns("t:f64::unix", &number.to_le_bytes()),
                MISSING,
                "{number}"
            );
        }
        assert_eq!(ns("t:u64:s:unix", &u64::MAX.to_le_bytes()), MISSING);
        assert_eq!(ns("t:datetime", &i64::MIN.to_le_bytes()), MISSING);
        let schema = schema_text::parse("t:u64:ns").expect("a schema");
        assert!(When::of(&schema).is_none());
    }
}
