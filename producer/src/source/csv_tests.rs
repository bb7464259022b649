use std::path::Path;

use ringbuf_core::{Element, Records};

use super::*;
use crate::source::csv_time::MISSING;

fn options(path: impl AsRef<Path>) -> CsvOptions {
    CsvOptions {
        path: path.as_ref().to_owned(),
        delimiter: b',',
        columns: ColumnOptions::default(),
    }
}

fn real(name: &str) -> CsvOptions {
    options(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../data")
            .join(name),
    )
}

/// Everything a recording says: its schema, its bytes, and the error that ended it.
type Everything = Result<(Schema, Vec<u8>, Option<String>), String>;

fn everything(options: &CsvOptions) -> Everything {
    let mut source = CsvSource::open(options).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    loop {
        match source.fill(&mut bytes, 1000) {
            Ok(0) => return Ok((source.schema().clone(), bytes, None)),
            Ok(_) => {}
            Err(error) => return Ok((source.schema().clone(), bytes, Some(error.to_string()))),
        }
    }
}

fn recording(name: &str) -> (Schema, Vec<u8>) {
    let (schema, bytes, error) = everything(&real(name)).expect("opens");
    assert_eq!(error, None);
    (schema, bytes)
}

fn times(schema: &Schema, bytes: &[u8]) -> Vec<i64> {
    let name = schema.time_field().expect("a time").name();
    let column = schema.column(name).expect("a column");
    let records = Records::new(schema, bytes);
    let time = |i| {
        records
            .integer(i, &column)
            .and_then(|ns| ns.try_into().ok())
            .unwrap_or(MISSING)
    };
    (0..records.len()).map(time).collect()
}

fn values(schema: &Schema, bytes: &[u8], name: &str) -> Vec<f64> {
    let column = schema.column(name).expect("a column");
    Records::new(schema, bytes).numbers(&column).collect()
}

/// A recording made up on the spot.
fn written(text: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), text).expect("writes");
    file
}

fn opening_fails(text: impl AsRef<[u8]>) -> String {
    let file = written(text.as_ref());
    let error = everything(&options(file.path())).expect_err("refused");
    without_path(&error, file.path())
}

fn reading_fails(text: impl AsRef<[u8]>) -> (usize, String) {
    let file = written(text.as_ref());
    let (schema, bytes, error) = everything(&options(file.path())).expect("opens");
    (
        bytes.len() / schema.size(),
        without_path(&error.expect("fails"), file.path()),
    )
}

fn without_path(error: &str, path: &Path) -> String {
    let path = format!("{}: ", path.display());
    error
        .strip_prefix(&path)
        .expect("the file's name first")
        .to_owned()
}

const MINUTE: i64 = 60_000_000_000;

#[test]
fn machine_temperature_keeps_its_step_back() {
    let (schema, bytes) = recording("nab/machine_temperature_system_failure.csv");
    assert_eq!(schema.size(), 16);
    assert_eq!(schema.fields()[0].element(), Element::DateTimeNs);
    let times = times(&schema, &bytes);
    assert_eq!(times.len(), 22_695);
    assert_eq!(times[0], 1_386_018_900_000_000_000);
    let back: Vec<i64> = times
        .windows(2)
        .map(|w| w[1] - w[0])
        .filter(|&step| step < 0)
        .collect();
    assert_eq!(back, [-55 * MINUTE]);
    let values = values(&schema, &bytes, "value");
    assert_eq!(values.first(), Some(&73.967_322_07));
    assert_eq!(values.last(), Some(&96.903_860_85));
}

#[test]
fn ambient_temperature_keeps_its_hole() {
    let (schema, bytes) = recording("nab/ambient_temperature_system_failure.csv");
    let times = times(&schema, &bytes);
    assert_eq!(times.len(), 7267);
    let longest = times.windows(2).map(|w| w[1] - w[0]).max();
    assert_eq!(longest, Some(29 * 6 * 60 * MINUTE));
}

#[test]
fn imu_times_are_exact() {
    let (schema, bytes) = recording("xio-fusion/sensor_data.csv");
    let times = times(&schema, &bytes);
    assert_eq!(times.len(), 13_514);
    assert_eq!(times[..2], [0, 10_078_907]);
    assert_eq!(times.last(), Some(&135_326_642_000));
    assert_eq!(schema.fields()[0].name(), "Time (s)");
    assert_eq!(schema.fields()[0].element(), Element::DurationNs);
    let gyroscope = schema
        .field("Gyroscope X (deg/s)")
        .expect("named as in the file");
    assert_eq!(gyroscope.get_unit(), Some("deg/s"));
    assert_eq!(
        values(&schema, &bytes, "Gyroscope X (deg/s)")[..2],
        [0.016_446_19, 0.016_541_56]
    );
}

#[test]
fn broad_has_a_movement_mark() {
    let (schema, bytes) = recording("broad/24_disturbed_tapping_A.csv");
    let times = times(&schema, &bytes);
    assert_eq!(times.len(), 17_143);
    assert!(times.windows(2).all(|w| w[1] - w[0] == 3_500_000));
    let moving = values(&schema, &bytes, "movement");
    assert_eq!(moving.iter().sum::<f64>(), 4341.0);
}

#[test]
fn the_time_column_can_be_left_out_or_named() {
    let nab = real("nab/ambient_temperature_system_failure.csv");
    let (schema, bytes, _) = everything(&CsvOptions {
        columns: ColumnOptions {
            no_time: true,
            ..ColumnOptions::default()
        },
        ..nab.clone()
    })
    .expect("opens");
    assert_eq!((schema.size(), bytes.len()), (8, 7267 * 8));
    let file = written(b"time,logged\n1,1386018900500\n2,\n");
    let named = CsvOptions {
        columns: ColumnOptions {
            time: Some("logged".to_owned()),
            time_format: Some(TimeFormat::Unix(crate::source::csv_time::TimeUnit::Millis)),
            ..ColumnOptions::default()
        },
        ..options(file.path())
    };
    let (schema, bytes, _) = everything(&named).expect("opens");
    assert_eq!(times(&schema, &bytes), [1_386_018_900_500_000_000, MISSING]);
    assert_eq!(values(&schema, &bytes, "time"), [1.0, 2.0]);
    let missing = CsvOptions {
        columns: ColumnOptions {
            time: Some("zeit".to_owned()),
            ..ColumnOptions::default()
        },
        ..nab
    };
    let error = everything(&missing).expect_err("no such column");
    assert!(
        error.ends_with(
            r#"--time "zeit": there is no such column; the file has "timestamp", "value""#
        )
    );
}

#[test]
fn missing_values_and_times_pass_through() {
    let file = written(b"t_s,v\n,1\n0.5,\n0.25,NaN\n");
    let (schema, bytes, error) = everything(&options(file.path())).expect("opens");
    assert_eq!(error, None);
    assert_eq!(times(&schema, &bytes), [MISSING, 500_000_000, 250_000_000]);
    let values = values(&schema, &bytes, "v");
    assert_eq!(values[0], 1.0);
    assert!(values[1].is_nan() && values[2].is_nan());
}

#[test]
fn text_columns_are_kept_when_asked_for() {
    let file = written("t_s,state,v\n0,idle,1\n1,läuft,2\n2,much too long,3\n".as_bytes());
    let text = CsvOptions {
        columns: ColumnOptions {
            text: vec![("state".to_owned(), 8)],
            ..ColumnOptions::default()
        },
        ..options(file.path())
    };
    let (schema, bytes, error) = everything(&text).expect("opens");
    let records = Records::new(&schema, &bytes);
    let state = schema.column("state").expect("a column");
    assert_eq!(records.text(1, &state).as_deref(), Some("läuft"));
    assert!(
        error
            .expect("too long")
            .ends_with("expected at most 8 bytes of text; see --text")
    );
    let left = CsvOptions {
        columns: ColumnOptions {
            leave_out: vec!["state".to_owned()],
            ..ColumnOptions::default()
        },
        ..options(file.path())
    };
    let (schema, bytes, error) = everything(&left).expect("opens");
    assert_eq!(
        (schema.fields().len(), bytes.len(), error),
        (2, 3 * 16, None)
    );
}

#[test]
fn other_separators_and_line_ends() {
    let file = written(b"\xef\xbb\xbftime;v\r\n0;1\r\n\r\n1;2");
    let german = CsvOptions {
        delimiter: b';',
        ..options(file.path())
    };
    let (schema, bytes, error) = everything(&german).expect("opens");
    assert_eq!(error, None);
    assert_eq!(schema.fields()[0].name(), "time");
    assert_eq!(values(&schema, &bytes, "v"), [1.0, 2.0]);
}

#[test]
fn a_bad_row_is_an_error_after_the_rows_before_it() {
    assert_eq!(
        reading_fails("t_s,v\n0,1\n1,x\n2,3\n"),
        (
            1,
            "line 3, column 2 (\"v\"): found \"x\", expected a number; \
             publish the column as text with --text, or use --leave-out"
                .to_owned()
        )
    );
    assert_eq!(
        reading_fails("t_s,v\r\n\r\n0,1\r\n1\r\n"),
        (
            1,
            "line 4: found 1 columns, expected 2 as in the first line".to_owned()
        )
    );
    assert_eq!(
        reading_fails("t_s,v\n0,1,2\n").1,
        "line 2: found 3 columns, expected 2 as in the first line"
    );
    assert_eq!(
        reading_fails("timestamp,v\n2013-12-02 21:15:00,1\nnow,1\n").1,
        "line 3, column 1 (\"timestamp\"): found \"now\", expected a date and time such as 2013-12-02 21:15:00"
    );
    assert!(
        reading_fails(b"t_s,v\n0,\xff\n")
            .1
            .contains("expected UTF-8")
    );
    assert!(
        reading_fails("a b;c d\n1;2\n")
            .1
            .contains("see --delimiter")
    );
    let (read, error) = reading_fails(format!("v\n1\n\"{}", "x\n".repeat(1_000_000)));
    assert_eq!(read, 1);
    assert!(
        error.starts_with("line 3: longer than 1048576 bytes without an end"),
        "{error}"
    );
}

#[test]
fn a_bad_header_is_an_error() {
    assert!(opening_fails("").starts_with("it is empty, expected a line with the column names"));
    assert!(
        opening_fails("\n\n").starts_with("it is empty, expected a line with the column names")
    );
    assert!(
        opening_fails("\u{feff}").starts_with("it is empty, expected a line with the column names")
    );
    assert!(opening_fails("0,1.5\n1,2\n").starts_with("line 1: numbers (\"0,1.5\") where"));
    assert!(opening_fails("2013-12-02 21:15:00,1\n").starts_with("line 1: numbers"));
    assert!(opening_fails("a,a\n").starts_with("line 1, column 2: found the column name \"a\""));
    assert!(opening_fails("\na,,b\n").starts_with("line 2, column 2: found the column name \"\""));
    assert!(opening_fails(b"t,mag (\xb5T)\n").contains("expected UTF-8"));
    assert!(opening_fails(b"\xff\xfet\0,\0v\0\n\0").starts_with("it is UTF-16"));
    assert!(opening_fails(b"\x1f\x8b\x08\0\0").contains("column 1"));
    assert!(opening_fails(b"PK\x03\x04,\0\n").contains("is this a CSV file?"));
}

#[test]
fn junk_is_never_a_panic() {
    let pieces: [&[u8]; 12] = [
        b"t_s",
        b",",
        b"\n",
        b"\"",
        b"\r",
        b"1",
        b"-",
        b"\xff",
        b"\0",
        b"e9",
        b"2013-12-02",
        b"\xef\xbb\xbf",
    ];
    let mut state = 1_u64;
    for _ in 0..2000 {
        let mut text = Vec::new();
        for _ in 0..state % 40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.extend_from_slice(pieces[(state >> 33) as usize % pieces.len()]);
        }
        state = state.wrapping_add(1);
        let file = written(&text);
        let _ = everything(&options(file.path()));
    }
}

#[test]
fn what_was_read_ahead_comes_first_and_once() {
    let file = written(b"v\n1\n2\n3\n");
    let mut source = CsvSource::open(&options(file.path())).expect("opens");
    source.read_ahead(&|| true).expect("reads");
    source.read_ahead(&|| true).expect("reads");
    let mut bytes = Vec::new();
    let counts = [0, 1, 5, 5].map(|max| source.fill(&mut bytes, max).expect("fills"));
    assert_eq!(counts, [0, 1, 2, 0]);
    let schema = source.schema().clone();
    assert_eq!(values(&schema, &bytes, "v"), [1.0, 2.0, 3.0]);
}

#[test]
fn a_first_row_that_is_wrong_is_known_ahead() {
    let file = written(b"v\noops\n2\n");
    let mut source = CsvSource::open(&options(file.path())).expect("opens");
    let error = source
        .read_ahead(&|| true)
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("line 2, column 1 (\"v\"): found \"oops\""),
        "{error}"
    );
}

#[test]
fn nothing_to_read_ahead_is_an_end() {
    let file = written(b"v\n");
    let mut source = CsvSource::open(&options(file.path())).expect("opens");
    source.read_ahead(&|| true).expect("reads");
    assert_eq!(source.fill(&mut Vec::new(), 5).expect("fills"), 0);
}

/// The same through a pipe, in pieces of this size.
fn in_pieces(text: &[u8], piece: usize, options: &ColumnOptions) -> Everything {
    let source = CsvSource::in_pieces(text, piece, b',', options);
    let mut source = source.map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    loop {
        match source.fill(&mut bytes, 1000) {
            Ok(0) if source.is_waiting() => {}
            Ok(0) => return Ok((source.schema().clone(), bytes, None)),
            Ok(_) => {}
            Err(error) => return Ok((source.schema().clone(), bytes, Some(error.to_string()))),
        }
    }
}

#[test]
fn every_recording_is_the_same_from_a_file_and_in_pieces() {
    for name in [
        "nab/machine_temperature_system_failure.csv",
        "nab/ambient_temperature_system_failure.csv",
        "xio-fusion/sensor_data.csv",
        "broad/24_disturbed_tapping_A.csv",
    ] {
        let options = real(name);
        let text = std::fs::read(&options.path).expect("reads");
        let from_file = everything(&options).expect("opens");
        for piece in [61, 65_536, usize::MAX] {
            let pieces = in_pieces(&text, piece, &options.columns).expect("opens");
            assert!(pieces == from_file, "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn what_is_wrong_is_the_same_in_pieces() {
    for text in [
        "",
        "1,2\n",
        "t_s,v\n0,1\n1,oops\n",
        "\u{feff}t,v\r\n\r\n2013-12-02,1\r\n5,2",
        "t,v\n,1\n\n,2\n\"2\n\",3\n4\n",
        "v\n9007199254740993\n",
        "v,w\n1,\"2\n\n\n3,4\n",
    ] {
        let file = written(text.as_bytes());
        let path = format!("{}: ", file.path().display());
        let of_file = |error: String| error.replacen(&path, "standard input: ", 1);
        let expected = everything(&options(file.path()))
            .map(|(schema, bytes, error)| (schema, bytes, error.map(of_file)))
            .map_err(of_file);
        for piece in 1..=text.len().max(1) {
            let found = in_pieces(text.as_bytes(), piece, &ColumnOptions::default());
            assert_eq!(found, expected, "{text:?} in pieces of {piece}");
        }
    }
}

#[test]
fn a_number_that_would_be_rounded_is_refused() {
    let (rows, error) = reading_fails("v\n9007199254740992\n9007199254740993\n");
    assert_eq!(rows, 1);
    let expected = "line 3, column 1 (\"v\"): found \"9007199254740993\", expected a number that is one of float64";
    assert!(error.starts_with(expected), "{error}");
}

fn given(schema: &str) -> ColumnOptions {
    ColumnOptions {
        schema: Some(crate::source::schema_text::parse(schema).expect("a schema")),
        ..ColumnOptions::default()
    }
}

#[test]
fn a_given_schema_is_filled_from_columns_of_its_names() {
    let options = given("id:u64,accel:f32[2]:g,t:duration,state:text(4)");
    let text = "t,accel[1],state,id,accel[0]\n0.5,2,run,18446744073709551615,1\n,,,7,\n";
    let (schema, bytes, error) = in_pieces(text.as_bytes(), 9, &options).expect("opens");
    assert_eq!((Some(&schema), error), (options.schema.as_ref(), None));
    assert_eq!(times(&schema, &bytes), [500_000_000, MISSING]);
    assert_eq!(values(&schema, &bytes, "accel[0]")[0], 1.0);
    assert_eq!(values(&schema, &bytes, "accel[1]")[0], 2.0);
    assert!(values(&schema, &bytes, "accel[1]")[1].is_nan());
    let records = Records::new(&schema, &bytes);
    let id = schema.column("id").expect("a column");
    assert_eq!(records.integer(0, &id), Some(u64::MAX.into()));
    let state = schema.column("state").expect("a column");
    assert_eq!(records.text(0, &state).as_deref(), Some("run"));
}

#[test]
fn what_does_not_fit_a_given_schema_is_refused() {
    let fails = |text: &str, options: &ColumnOptions| match in_pieces(text.as_bytes(), 99, options)
    {
        Ok((_, _, error)) => error.expect(text),
        Err(error) => error,
    };
    let options = given("a:u8,b:f32");
    for (text, expected) in [
        (
            "a,b\n256,1\n",
            "line 2, column 1 (\"a\"): found \"256\", expected a whole number within the range of u8",
        ),
        (
            "a,b\n1.5,1\n",
            "expected a whole number within the range of u8",
        ),
        ("a,b\n,1\n", "found \"\", expected a whole number"),
        ("a,b\n1,1e39\n", "expected a number within the range of f32"),
        (
            "a,b,c\n1,1,1\n",
            "the column \"c\" is no field of --schema, expected \"a\", \"b\"; pass it over",
        ),
        (
            "a\n1\n",
            "there is no column \"b\", which --schema has; the file has \"a\"",
        ),
        ("b,a[0]\n1,1\n", "the column \"a[0]\" is no field"),
    ] {
        let error = fails(text, &options);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let others = ColumnOptions {
        leave_out_others: true,
        leave_out: vec!["b".to_owned()],
        ..options
    };
    let error = fails("a,b,c\n1,1,1\n", &others);
    assert!(error.contains("there is no column \"b\""), "{error}");
    let others = ColumnOptions {
        leave_out_others: true,
        ..given("a:u8")
    };
    let (_, bytes, error) = in_pieces(b"b,a,c\nx,7,y\n", 1, &others).expect("opens");
    assert_eq!((bytes, error), (vec![7], None));
}

#[test]
fn the_unit_of_a_given_time_must_be_one_of_its_type() {
    let unix = |schema: &str| ColumnOptions {
        time_format: Some(TimeFormat::Unix(crate::source::csv_time::TimeUnit::Seconds)),
        ..given(schema)
    };
    let (schema, bytes, _) =
        in_pieces(b"t,u\n5,2000-01-01\n", 3, &unix("t:datetime,u:datetime")).expect("opens");
    assert_eq!(times(&schema, &bytes), [5_000_000_000]);
    for schema in ["t:duration", "t:u64::unix", "t:u64"] {
        let error = in_pieces(b"t\n5\n", 3, &unix(schema)).expect_err(schema);
        assert!(error.contains("--time-unit: "), "{error}");
    }
}

#[test]
fn how_much_of_a_file_has_been_read_is_known() {
    let options = real("xio-fusion/sensor_data.csv");
    let mut source = CsvSource::open(&options).expect("opens");
    let mut shares = vec![source.share().expect("a file")];
    while source.fill(&mut Vec::new(), 1000).expect("fills") > 0 {
        shares.push(source.share().expect("a file"));
    }
    assert!(shares[0] < 0.01 && shares.is_sorted(), "{shares:?}");
    assert!((shares[7] - 7.0 / 13.514).abs() < 0.02, "{shares:?}");
    assert_eq!(shares.last(), Some(&1.0));
    let pipe = CsvSource::in_pieces(b"v\n1\n", 9, b',', &ColumnOptions::default());
    assert_eq!(pipe.expect("opens").share(), None);
}
