//! Rings of whatever records, through their schema.

use ringbuf_core::{
    Clock, Element, Field, PublishError, ReaderOptions, Record, Schema, TryPublishError,
};

use crate::home;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Imu {
    #[record(time = "unix", unit = "ns")]
    t_ns: u64,
    #[record(unit = "m/s2")]
    accel: [f32; 3],
    count: u32,
}

#[test]
fn fields_of_a_typed_ring_are_found_by_name() {
    let home = home();
    let mut producer = home.producer::<Imu>(5);
    let mut reader = producer
        .untyped_reader(ReaderOptions::lossless().named("columns"))
        .unwrap();
    for i in 0..5_u32 {
        let x = i as f32;
        producer
            .publish(&Imu {
                t_ns: 1_000_000_000_000_000_001 + u64::from(i),
                accel: [x, x + 0.25, x + 0.5],
                count: i,
            })
            .unwrap();
    }
    let schema = reader.schema().clone();
    assert_eq!(schema, Imu::schema());
    assert_eq!(schema.time_field().unwrap().name(), "t_ns");
    let [time, y, count] = ["t_ns", "accel[1]", "count"]
        .map(|name| schema.column(name).unwrap_or_else(|| panic!("{name}")));
    assert_eq!(y.unit(), Some("m/s2"));
    assert!(schema.column("accel[3]").is_none());
    let mut next = 0_u32;
    while let Some(batch) = reader.poll().unwrap() {
        assert_eq!(
            (batch.first_sequence(), batch.missed()),
            (u64::from(next), 0)
        );
        let records = batch.records();
        for i in 0..records.len() {
            let at = 1_000_000_000_000_000_001_i128 + i128::from(next);
            assert_eq!(records.integer(i, &time), Some(at));
            assert_eq!(records.number(i, &y), Some(f64::from(next) + 0.25));
            assert_eq!(records.number(i, &count), Some(f64::from(next)));
            next += 1;
        }
    }
    assert_eq!(next, 5);
    let (sequence, latest) = reader.latest().unwrap().unwrap();
    assert_eq!((sequence, latest.len()), (4, 24));
    assert!(reader.ledger().adds_up() && reader.lag() == 0 && reader.cursor() == 5);
}

#[test]
fn integers_numbers_and_text_side_by_side() {
    let schema = Schema::packed([
        Field::new("id", Element::I32),
        Field::new("level", Element::F32).unit("dB"),
        Field::new("label", Element::Text(10)),
        Field::new("at", Element::DurationNs).time(Clock::Recording),
    ])
    .unwrap();
    let home = home();
    let mut producer = home.untyped(schema.clone(), 3);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let record = |id: i32, level: f32, label: &str, at: i64| {
        let mut bytes = [
            &id.to_le_bytes()[..],
            &level.to_le_bytes(),
            label.as_bytes(),
        ]
        .concat();
        bytes.resize(18, 0);
        bytes.extend(at.to_le_bytes());
        bytes
    };
    let two = [
        record(-1, 0.5, "quiet", 7),
        record(2, 99.5, "laut: ü", i64::MIN),
    ]
    .concat();
    assert_eq!(producer.publish_bytes(&two).unwrap(), 2);
    let batch = reader.poll().unwrap().unwrap();
    let records = batch.records();
    let [id, level, label, at] =
        ["id", "level", "label", "at"].map(|name| schema.column(name).unwrap());
    assert_eq!(records.len(), 2);
    assert_eq!(records.integer(0, &id), Some(-1));
    assert_eq!(records.number(1, &level), Some(99.5));
    assert_eq!(records.text(0, &label).as_deref(), Some("quiet"));
    assert_eq!(records.text(1, &label).as_deref(), Some("laut: ü"));
    assert_eq!(
        (records.integer(0, &at), records.integer(1, &at)),
        (Some(7), None)
    );
}

#[test]
fn only_whole_records_are_taken() {
    let schema = Schema::packed([Field::new("v", Element::U16).shape(&[3])]).unwrap();
    let home = home();
    let mut producer = home.untyped(schema, 4);
    for len in [1, 5, 7, 13] {
        let error = producer.publish_bytes(&vec![0; len]).unwrap_err();
        assert!(
            matches!(error, PublishError::Bytes { found, record_size: 6 } if found == len),
            "{error}"
        );
    }
    assert_eq!(producer.publish_bytes(&[]).unwrap(), 0);
    assert_eq!(producer.published(), 0);
    assert_eq!(producer.publish_bytes(&[1; 12]).unwrap(), 2);
    assert_eq!((producer.published(), producer.capacity()), (2, 4));
}

#[test]
fn waiting_can_be_given_up() {
    let schema = Schema::packed([Field::new("v", Element::U8)]).unwrap();
    let home = home();
    let mut producer = home.untyped(schema, 5);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let records: Vec<u8> = (0..12).collect();
    assert_eq!(producer.publish_bytes_until(&records, &|| true).unwrap(), 5);
    assert_eq!(producer.registered_readers(), 1);
    drop(reader.poll().unwrap());
    assert_eq!(
        producer
            .publish_bytes_until(&records[5..], &|| true)
            .unwrap(),
        1
    );
    let mut got = Vec::new();
    while let Some(batch) = reader.poll().unwrap() {
        got.extend_from_slice(batch.records().bytes());
    }
    assert_eq!(got, [1, 2, 3, 4, 5]);
}

#[test]
fn room_is_by_record_not_by_byte() {
    let home = home();
    let mut producer = home.producer::<[u8; 3]>(7);
    let reader = producer
        .untyped_reader(ReaderOptions::lossless().named("by name"))
        .unwrap();
    for i in 0..7 {
        producer.try_publish(&[i; 3]).unwrap();
    }
    let Err(TryPublishError::Full { reader: name, lag }) = producer.try_publish(&[7; 3]) else {
        panic!("the ring is full");
    };
    assert_eq!((name.as_str(), lag, reader.lag()), ("by name", 7, 7));
}
