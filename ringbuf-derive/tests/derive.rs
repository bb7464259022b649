//! What the macro makes of structs it accepts.
#![forbid(unsafe_code)]
#![allow(dead_code)]

use ringbuf_core::{Clock, Element, Field, Record, Role, Schema};

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Imu {
    #[record(time = "monotonic")]
    #[record(unit = "ns")]
    t_ns: u64,
    #[record(unit = "m/s2")]
    accel: [f32; 3],
    gyro: [f32; 3],
}

#[test]
fn fields_with_units_and_a_time() {
    let expected = Schema::packed([
        Field::new("t_ns", Element::U64)
            .unit("ns")
            .time(Clock::Monotonic),
        Field::new("accel", Element::F32).shape(&[3]).unit("m/s2"),
        Field::new("gyro", Element::F32).shape(&[3]),
    ]);
    assert_eq!(Imu::schema(), expected.unwrap());
    assert_eq!(Imu::schema().size(), size_of::<Imu>());
}

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct EveryType {
    a: u64,
    b: i64,
    c: f64,
    d: u32,
    e: i32,
    f: f32,
    g: u16,
    h: i16,
    i: u8,
    j: i8,
    _pad: [u8; 6],
}

#[test]
fn every_number_keeps_its_type_and_place() {
    let schema = EveryType::schema();
    let found: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| (field.name(), field.element(), field.offset()))
        .collect();
    assert_eq!(
        found,
        [
            ("a", Element::U64, 0),
            ("b", Element::I64, 8),
            ("c", Element::F64, 16),
            ("d", Element::U32, 24),
            ("e", Element::I32, 28),
            ("f", Element::F32, 32),
            ("g", Element::U16, 36),
            ("h", Element::I16, 38),
            ("i", Element::U8, 40),
            ("j", Element::I8, 41),
            ("_pad", Element::U8, 42),
        ]
    );
}

type Celsius = f32;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Site {
    rotation: [[f64; 3]; 2],
    grid: [[[[u16; 1]; 2]; 3]; 4],
    #[record(text)]
    label: [u8; 12],
    #[record(unit = "°C")]
    r#type: Celsius,
}

#[test]
fn matrices_text_aliases_and_raw_names() {
    let schema = Site::schema();
    assert_eq!(schema.field("rotation").unwrap().get_shape(), [2, 3]);
    assert_eq!(schema.field("grid").unwrap().get_shape(), [4, 3, 2, 1]);
    let label = schema.field("label").unwrap();
    assert_eq!(
        (label.element(), label.get_shape()),
        (Element::Text(12), &[][..])
    );
    let kind = schema.field("type").unwrap();
    assert_eq!(
        (kind.element(), kind.get_unit()),
        (Element::F32, Some("°C"))
    );
    assert_eq!(kind.role(), Role::Value);
}

#[derive(Record, Clone, Copy)]
#[repr(C, packed)]
struct Packed {
    state: u8,
    value: f64,
}

#[derive(Record, Clone, Copy)]
#[repr(C)]
#[repr(align(8))]
struct Aligned {
    value: [f32; 2],
}

#[test]
fn other_layout_hints_are_followed() {
    assert_eq!(Packed::schema().field("value").unwrap().offset(), 1);
    assert_eq!(Packed::schema().size(), 9);
    assert_eq!(Aligned::schema().size(), 8);
}

mod names_that_mean_something_else {
    #![allow(non_camel_case_types)]

    pub struct Result;
    pub struct Schema;
    pub mod core {}

    #[derive(ringbuf_core::Record, Clone, Copy)]
    #[repr(C)]
    pub(super) struct Plain {
        pub(super) fields: u32,
        pub(super) size: u32,
    }
}

#[test]
fn the_code_depends_on_no_names_around_it() {
    assert_eq!(names_that_mean_something_else::Plain::schema().size(), 8);
}
