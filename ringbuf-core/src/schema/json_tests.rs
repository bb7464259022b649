use proptest::prelude::*;

use super::*;

/// Any schema that is allowed, small enough to make many.
pub(crate) fn any_schema() -> impl Strategy<Value = Schema> {
    let element = prop_oneof![
        Just(Element::U8),
        Just(Element::U16),
        Just(Element::U32),
        Just(Element::U64),
        Just(Element::I8),
        Just(Element::I16),
        Just(Element::I32),
        Just(Element::I64),
        Just(Element::F32),
        Just(Element::F64),
        Just(Element::DateTimeNs),
        Just(Element::DurationNs),
        (1usize..40).prop_map(Element::Text),
    ];
    let shape = prop::collection::vec(1usize..6, 0..=4);
    let unit = prop::option::of("[ -~°µ]{0,12}");
    let clock = prop::option::of(0u8..3);
    let field = ("[ -~éλ]{1,12}", element, shape, unit, clock);
    prop::collection::vec(field, 1..20).prop_filter_map("names may collide", |fields| {
        Schema::packed(
            fields
                .into_iter()
                .map(|(name, element, shape, unit, clock)| {
                    let mut field = Field::new(name, element).shape(&shape);
                    if let Some(unit) = unit {
                        field = field.unit(unit);
                    }
                    let may_be_time = shape.is_empty() && element.is_number();
                    match clock.filter(|_| may_be_time) {
                        Some(0) => field.time(Clock::Unix),
                        Some(1) if element != Element::DateTimeNs => field.time(Clock::Monotonic),
                        Some(2) if element != Element::DateTimeNs => field.time(Clock::Recording),
                        _ => field,
                    }
                }),
        )
        .ok()
    })
}

fn read(json: &str) -> Result<Schema, SchemaError> {
    Schema::from_json(json.as_bytes())
}

/// One field `x` of this format and size.
fn one(format: &str, itemsize: &str) -> Result<Schema, SchemaError> {
    read(&format!(
        r#"{{"dtype":{{"names":["x"],"formats":["{format}"],"offsets":[0],"itemsize":{itemsize}}}}}"#
    ))
}

#[test]
fn shapes_are_read() {
    let shape =
        |format: &str, size: &str| one(format, size).unwrap().fields[0].get_shape().to_vec();
    assert!(shape("<f4", "4").is_empty());
    assert_eq!(shape("(3,)<f4", "12"), [3]);
    assert_eq!(shape("(3)<f4", "12"), [3]);
    assert_eq!(shape("(2,3)<f4", "24"), [2, 3]);
    assert_eq!(shape("(1,2,1,3)|S2", "12"), [1, 2, 1, 3]);
}

#[test]
fn malformed_formats_are_refused() {
    for format in [
        "",
        "(",
        "()",
        "(,)",
        "()<f4",
        "(3,",
        "(3,)",
        "(,3)<f4",
        "(2,3,)<f4",
        "(3,,)<f4",
        "(-3,)<f4",
        "( 3,)<f4",
        "3<f4",
        "(3,)>f4",
        "(3,)(2,)<f4",
        "(99999999999999999999999,)<f4",
    ] {
        let error = one(format, "12").unwrap_err();
        assert_eq!(
            error,
            SchemaError::Format {
                found: format.into()
            }
        );
    }
}

#[test]
fn sizes_are_bounded_without_overflow() {
    for (format, size) in [
        ("(1073741825,)|u1", "1073741825"),
        ("(0,)<f4", "0"),
        ("(4294967296,4294967296)<f8", "8"),
        ("(1,1,1,1,1)<f8", "8"),
        ("|S18446744073709551615", "8"),
        ("(2,)|S9223372036854775808", "8"),
    ] {
        let error = one(format, size).unwrap_err();
        assert!(matches!(error, SchemaError::Shape { .. }), "{error}");
    }
    assert!(one("(1073741824,)|u1", "1073741824").is_ok());
}

#[test]
fn sizes_that_are_no_sizes_are_refused() {
    for itemsize in ["-1", "1.5", "1e99", "\"8\"", "null", "18446744073709551616"] {
        assert!(matches!(
            one("<f8", itemsize),
            Err(SchemaError::Json { .. })
        ));
    }
    let huge = one("<f8", "18446744073709551615").unwrap_err();
    assert_eq!(huge, SchemaError::Size { found: usize::MAX });
}

#[test]
fn what_is_not_known_is_refused() {
    for json in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"dtype":[["x","<f8"]]}"#,
        r#"{"dtype":{"names":["x"],"formats":["<f8"],"offsets":[0],"itemsize":8,"aligned":true}}"#,
        r#"{"dtype":{"names":["x"],"formats":["<f8"],"offsets":[0],"itemsize":8},"more":1}"#,
        r#"{"dtype":{"names":["x"],"formats":["<f8"],"offsets":[0],"itemsize":8},"fields":{"x":{"time":"gps"}}}"#,
        r#"{"dtype":{"names":["x"],"formats":["<f8"],"offsets":[0],"itemsize":8}} x"#,
    ] {
        assert!(
            matches!(read(json), Err(SchemaError::Json { .. })),
            "{json}"
        );
    }
}

#[test]
fn lists_must_belong_together() {
    let error =
        read(r#"{"dtype":{"names":["x","y"],"formats":["<f8"],"offsets":[0],"itemsize":8}}"#);
    let expected = SchemaError::Lengths {
        names: 2,
        formats: 1,
        offsets: 1,
    };
    assert_eq!(error, Err(expected));
    let none = read(r#"{"dtype":{"names":[],"formats":[],"offsets":[],"itemsize":8}}"#);
    assert_eq!(none, Err(SchemaError::FieldCount { found: 0 }));
}

#[test]
fn meanings_need_a_field() {
    let json = r#"{"dtype":{"names":["x"],"formats":["<f8"],"offsets":[0],"itemsize":8},
                   "fields":{"x":{"unit":"V"},"y":{}}}"#;
    let error = read(json).unwrap_err();
    assert_eq!(error, SchemaError::UnknownField { name: "y".into() });
}

#[test]
fn depth_and_length_are_bounded() {
    assert!(read(&"[".repeat(1 << 20)).is_err());
    assert!(read(&r#"{"dtype":"#.repeat(100_000)).is_err());
    let error = read(&" ".repeat(MAX_JSON + 1)).unwrap_err();
    assert_eq!(
        error,
        SchemaError::JsonTooLong {
            found: MAX_JSON + 1
        }
    );
}

#[test]
fn the_longest_schema_fits() {
    let fields = (0..super::super::MAX_FIELDS).map(|i| {
        let name = format!("{i:04}{}", "\"".repeat(251));
        Field::new(name, Element::U64)
            .unit("\\".repeat(255))
            .time(Clock::Monotonic)
    });
    let schema = Schema::packed(fields).unwrap();
    assert_eq!(read(&schema.to_json()), Ok(schema));
}

#[test]
fn many_brackets_cost_no_time() {
    let fields = (0..super::super::MAX_FIELDS).map(|i| {
        let name = format!("{}{i:04}]", "[".repeat(250));
        Field::new(name, Element::U8).shape(&[1])
    });
    let begun = std::time::Instant::now();
    Schema::packed(fields).unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
}

proptest! {
    #[test]
    fn a_schema_reads_back(schema in any_schema()) {
        prop_assert_eq!(Schema::from_json(schema.to_json().as_bytes()), Ok(schema));
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Schema::from_json(&bytes);
    }

    #[test]
    fn damaged_json_does_no_harm(
        schema in any_schema(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut json = schema.to_json().into_bytes();
        for (place, byte) in damage {
            let place = place.index(json.len());
            json[place] = byte;
        }
        if let Ok(read) = Schema::from_json(&json) {
            prop_assert!(read.columns().len() <= 1 << 16);
            let printable = read.to_string().chars().all(|c| c == '\n' || !c.is_control());
            prop_assert!(printable);
            prop_assert_eq!(Schema::from_json(read.to_json().as_bytes()), Ok(read));
        }
        json.truncate(cut.index(json.len()));
        let _ = Schema::from_json(&json);
    }
}
