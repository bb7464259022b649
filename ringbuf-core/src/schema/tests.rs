use super::*;

fn imu() -> Schema {
    Schema::packed([
        Field::new("t", Element::U64).unit("ns").time(Clock::Unix),
        Field::new("accel", Element::F32).shape(&[3]).unit("m/s2"),
        Field::new("label", Element::Text(4)),
    ])
    .unwrap()
}

fn x(offset: usize) -> Field {
    Field::new("x", Element::U32).at(offset)
}

fn y(offset: usize) -> Field {
    Field::new("y", Element::U32).at(offset)
}

#[test]
fn packed_places_one_after_the_other() {
    let offsets: Vec<usize> = imu().fields().iter().map(Field::offset).collect();
    assert_eq!(offsets, [0, 8, 20]);
    assert_eq!(imu().size(), 24);
    assert_eq!(imu().time_field().unwrap().name(), "t");
    assert_eq!(imu().field("nothing"), None);
}

#[test]
fn the_word_divides_the_record() {
    for (size, word) in [
        (1, 1),
        (2, 2),
        (3, 1),
        (4, 4),
        (6, 2),
        (8, 8),
        (12, 4),
        (24, 8),
        (48, 8),
    ] {
        let schema = Schema::packed([Field::new("x", Element::U8).shape(&[size])]).unwrap();
        assert_eq!(schema.word_size(), word, "{size}");
    }
}

#[test]
fn the_table_is_readable() {
    assert_eq!(
        imu().to_string(),
        "record of 24 bytes:\n\
         \x20  0  t      u64      ns    time, unix clock\n\
         \x20  8  accel  f32[3]   m/s2\n\
         \x20 20  label  text(4)"
    );
}

#[test]
fn every_byte_belongs_to_one_field() {
    assert!(Schema::with_offsets([y(4), x(0)], 8).is_ok());
    assert_eq!(
        Schema::with_offsets([x(0), y(8)], 12),
        Err(SchemaError::Padding { from: 4, to: 8 })
    );
    assert_eq!(
        Schema::with_offsets([x(4)], 8),
        Err(SchemaError::Padding { from: 0, to: 4 })
    );
    assert_eq!(
        Schema::with_offsets([x(0)], 8),
        Err(SchemaError::Padding { from: 4, to: 8 })
    );
    let overlap = Schema::with_offsets([x(0), y(2)], 6).unwrap_err();
    assert!(
        matches!(overlap, SchemaError::Overlap { expected: 4, .. }),
        "{overlap}"
    );
    for offset in [1, 4, usize::MAX] {
        let error = Schema::with_offsets([x(offset)], 4).unwrap_err();
        assert!(
            matches!(error, SchemaError::OutOfRange { size: 4, .. }),
            "{error}"
        );
    }
}

#[test]
fn padding_is_said_with_the_fix() {
    let shown = Schema::with_offsets([x(0), y(8)], 12)
        .unwrap_err()
        .to_string();
    assert!(shown.starts_with("bytes 4 to 7 of the record"), "{shown}");
    assert!(shown.ends_with("add a field `_pad` of 4 bytes"), "{shown}");
}

#[test]
fn names_are_unique_and_printable() {
    let long = "x".repeat(256);
    for name in ["", "a\nb", "\u{1b}[2J", "\u{7f}", long.as_str()] {
        let error = Schema::packed([Field::new(name, Element::U8)]).unwrap_err();
        assert!(matches!(error, SchemaError::Name { .. }), "{error}");
        assert!(!error.to_string().chars().any(char::is_control));
    }
    assert!(Schema::packed([Field::new("x".repeat(255), Element::U8)]).is_ok());
    let array = Field::new("a", Element::U8).shape(&[2]);
    let clash = [Field::new("a[1]", Element::U8), array.clone()];
    assert!(matches!(
        Schema::packed(clash),
        Err(SchemaError::DuplicateName { .. })
    ));
    assert!(Schema::packed([Field::new("a[2]", Element::U8), array]).is_ok());
}

#[test]
fn units_are_printable() {
    assert!(Schema::packed([Field::new("x", Element::U8).unit("")]).is_ok());
    let error = Schema::packed([Field::new("x", Element::U8).unit("\0")]).unwrap_err();
    assert!(matches!(error, SchemaError::Unit { .. }), "{error}");
}

#[test]
fn a_time_is_one_number_on_its_clock() {
    for field in [
        Field::new("t", Element::Text(8)).time(Clock::Unix),
        Field::new("t", Element::U64).shape(&[1]).time(Clock::Unix),
        Field::new("t", Element::DateTimeNs).time(Clock::Recording),
    ] {
        let error = Schema::packed([field]).unwrap_err();
        assert!(matches!(error, SchemaError::Time { .. }), "{error}");
    }
}

#[test]
fn counts_and_sizes_are_bounded() {
    let fields = |n: usize| (0..n).map(|i| Field::new(i.to_string(), Element::U8));
    assert!(Schema::packed(fields(1024)).is_ok());
    assert_eq!(
        Schema::packed(fields(1025)),
        Err(SchemaError::FieldCount { found: 1025 })
    );
    let half = |name: &str| Field::new(name, Element::Text(MAX_SIZE / 2 + 1));
    let error = Schema::packed([half("a"), half("b")]).unwrap_err();
    assert_eq!(
        error,
        SchemaError::Size {
            found: MAX_SIZE + 2
        }
    );
    let empty = Schema::packed([Field::new("x", Element::Text(0))]).unwrap_err();
    assert!(matches!(empty, SchemaError::Shape { .. }), "{empty}");
    let overflow = Field::new("x", Element::Text(usize::MAX)).shape(&[usize::MAX]);
    assert!(Schema::packed([overflow]).is_err());
}
