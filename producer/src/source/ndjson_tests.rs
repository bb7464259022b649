use proptest::{collection, prelude::*};
use ringbuf_core::{Element, Field, Records};

use super::*;
use crate::source::schema_text;

/// What comes of a text that comes in pieces: the schema, the records, and the error in front of which they end.
fn read(
    text: &[u8],
    piece: usize,
    options: &ColumnOptions,
) -> Result<(Schema, Vec<u8>, Option<String>), String> {
    let source = NdjsonSource::in_pieces(text, piece, options);
    let mut source = source.map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        let error = match source.fill(&mut bytes, 3) {
            Ok(0) if source.is_waiting() => continue,
            Ok(0) => None,
            Ok(count) => {
                assert_eq!(bytes.len(), before + count * source.schema().size());
                continue;
            }
            Err(error) => Some(error.to_string()),
        };
        assert_eq!(bytes.len(), before);
        return Ok((source.schema().clone(), bytes, error));
    }
}

fn whole(text: &str, options: &ColumnOptions) -> (Schema, Vec<u8>) {
    let (schema, bytes, error) = read(text.as_bytes(), text.len(), options).expect("opens");
    assert_eq!(error, None);
    for piece in [1, 2, 7] {
        let pieces = read(text.as_bytes(), piece, options).expect("opens");
        assert_eq!(pieces, (schema.clone(), bytes.clone(), None), "{piece}");
    }
    (schema, bytes)
}

fn numbers(schema: &Schema, bytes: &[u8], column: &str) -> Vec<f64> {
    let column = schema.column(column).expect(column);
    Records::new(schema, bytes).numbers(&column).collect()
}

fn plain() -> ColumnOptions {
    ColumnOptions::default()
}

fn given(schema: &str) -> ColumnOptions {
    ColumnOptions {
        schema: Some(schema_text::parse(schema).expect("a schema")),
        ..plain()
    }
}

/// How many records come before the error, and the error.
fn fails(text: &str, options: &ColumnOptions) -> (usize, String) {
    let found = read(text.as_bytes(), usize::MAX, options);
    let (count, error) = match found.clone() {
        Ok((schema, bytes, error)) => (bytes.len() / schema.size(), error.expect(text)),
        Err(error) => (0, error),
    };
    assert_eq!(read(text.as_bytes(), 1, options), found, "{text}");
    let error = error.strip_prefix("standard input: ").expect("who");
    (count, error.to_owned())
}

#[test]
fn the_first_object_says_what_a_record_is() {
    let text = "\u{feff}{\"t\": 0.5, \"v\": 1, \"on\": true, \"a\": [1, 2], \"m\": [[1,2,3],[4,5,6]], \"x\": null}\r\n\
                \n  \n{\"v\":2,\"t\":1.5}\n{\"a\":null,\"on\":false,\"x\":-0.5,\"m\":[[null,0,0],[0,0,9]],\"t\":null}";
    let (schema, bytes) = whole(text, &plain());
    let fields: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), field.format()))
        .collect();
    let expected = [
        "t <m8[ns]",
        "v <f8",
        "on <f8",
        "a (2,)<f8",
        "m (2,3)<f8",
        "x <f8",
    ];
    assert_eq!(fields, expected);
    let column = schema.column("t").expect("a time");
    let records = Records::new(&schema, &bytes);
    let times = [0, 1, 2].map(|i| records.integer(i, &column));
    assert_eq!(times, [Some(500_000_000), Some(1_500_000_000), None]);
    let of = |column| {
        numbers(&schema, &bytes, column)
            .into_iter()
            .map(f64::to_bits)
            .collect::<Vec<_>>()
    };
    let bits = |values: [f64; 3]| values.map(f64::to_bits).to_vec();
    let nan = f64::NAN;
    assert_eq!(of("v"), bits([1.0, 2.0, nan]));
    assert_eq!(of("on"), bits([1.0, nan, 0.0]));
    assert_eq!(of("a[1]"), bits([2.0, nan, nan]));
    assert_eq!(of("m[1][2]"), bits([6.0, nan, 9.0]));
    assert_eq!(of("m[0][0]"), bits([1.0, nan, nan]));
    assert_eq!(of("x"), bits([nan, nan, -0.5]));
}

#[test]
fn times_and_text_are_as_in_csv() {
    let text = r#"{"timestamp":"2013-12-02 21:15:00","state":"läuft","id":"a\"b"}
{"timestamp":"2013-12-02T21:15:01Z","state":"","id":null}"#;
    let options = ColumnOptions {
        text: vec![("state".to_owned(), 8), ("id".to_owned(), 4)],
        ..plain()
    };
    let (schema, bytes) = whole(text, &options);
    let records = Records::new(&schema, &bytes);
    let at = |i, name| records.integer(i, &schema.column(name).expect("a column"));
    assert_eq!(at(0, "timestamp"), Some(1_386_018_900_000_000_000));
    assert_eq!(at(1, "timestamp"), Some(1_386_018_901_000_000_000));
    let text = |i, name| records.text(i, &schema.column(name).expect("a column"));
    assert_eq!(text(0, "state").as_deref(), Some("läuft"));
    assert_eq!(text(0, "id").as_deref(), Some("a\"b"));
    assert_eq!(
        (text(1, "state"), text(1, "id")),
        (Some(String::new()), Some(String::new()))
    );
    let unix = ColumnOptions {
        time: Some("at".to_owned()),
        time_format: Some(TimeFormat::Unix(crate::source::csv_time::TimeUnit::Millis)),
        leave_out: vec!["s".to_owned(), "never".to_owned()],
        ..plain()
    };
    let (schema, bytes) = whole(
        "{\"s\":\"x\",\"at\":1386018900500,\"v\":1}\n{\"at\":\"7\",\"v\":1,\"never\":{}}",
        &unix,
    );
    let at = schema.column("at").expect("a time");
    let records = Records::new(&schema, &bytes);
    assert_eq!(schema.fields().len(), 2);
    assert_eq!(records.integer(0, &at), Some(1_386_018_900_500_000_000));
    assert_eq!(records.integer(1, &at), Some(7_000_000));
}

#[test]
fn what_is_wrong_ends_it_behind_what_was_right() {
    let first = "{\"a\":1,\"b\":[1,2]}\n";
    for (second, expected) in [
        (
            "{\"c\":1}",
            "line 2: found the key \"c\", expected only \"a\", \"b\"; name all",
        ),
        ("{\"a\":1,\"a\":1}", "line 2: found the key \"a\" twice"),
        (
            "{\"a\":\"x\"}",
            "line 2, key \"a\": found \"\\\"x\\\"\", expected a number; publish it as text",
        ),
        (
            "{\"a\":[1]}",
            "line 2, key \"a\": found \"[1]\", expected a number",
        ),
        (
            "{\"a\":{\"x\":1}}",
            "expected no object inside of the object",
        ),
        (
            "{\"a\":9007199254740993}",
            "expected a number that is one of float64",
        ),
        ("{\"a\":1e999}", "expected a number that is one of float64"),
        (
            "{\"b\":[1,2,3]}",
            "key \"b\": found \"[1,2,3]\", expected an array of 2, each a number",
        ),
        ("{\"b\":[1,\"2\"]}", "expected an array of 2"),
        ("{\"b\":1}", "expected an array of 2"),
        (
            "[1]",
            "line 2, column 0: found \"[1]\", expected one JSON object a line (invalid type: sequence",
        ),
        ("[{\"a\":1}]", "jq -c '.[]'"),
        ("{\"a\":1} {\"a\":2}", "(trailing characters)"),
        ("{\"a\":1", "jq -c . puts"),
        ("{", "jq -c . puts"),
        ("{\"a\":NaN}", "what is no number is null"),
        ("{\"a\":01}", "expected one JSON object a line"),
        ("{a:1}", "expected one JSON object a line"),
        ("7", "expected one JSON object a line"),
        ("\"\\u001b[2J\"", "expected one JSON object a line"),
    ] {
        let (count, error) = fails(
            &format!("{first}{first}{second}\n{first}").replacen(first, "", 1),
            &plain(),
        );
        assert_eq!(count, 1, "{second}");
        assert!(error.contains(expected), "{second}: {error}");
        assert!(!error.contains(|c: char| c.is_control()), "{error:?}");
    }
}

#[test]
fn a_first_object_that_makes_no_record_is_refused() {
    for (first, expected) in [
        ("", "it is empty, expected one JSON object a line"),
        ("\n\n", "it is empty, expected one JSON object a line"),
        ("{}", "no key is left to publish"),
        (
            "{\"a\":[]}",
            "line 1, key \"a\": found \"[]\", expected at least one number",
        ),
        ("{\"a\":[[[[[1]]]]]}", "4 dimensions"),
        ("{\"\":1}", "the keys make no record"),
        ("{\"a\":1,\"a\":2}", "stands for two columns"),
        ("[]", "line 1, column 0: found \"[]\""),
        ("{\"a\":\"x\"}", "line 1, key \"a\": found \"\\\"x\\\"\""),
    ] {
        let (count, error) = fails(first, &plain());
        assert_eq!(count, 0);
        assert!(error.contains(expected), "{first}: {error}");
    }
    let named = ColumnOptions {
        time: Some("zeit".to_owned()),
        ..plain()
    };
    let (_, error) = fails("{\"a\":1}", &named);
    let expected = "--time \"zeit\": there is no such key; the first object has \"a\"";
    assert_eq!(error, expected);
}

#[test]
fn a_given_schema_is_kept_to_the_value() {
    let options = given("t:datetime,n:u64,ok:u8,f:f32[2],s:text(3)");
    let text = r#"{"n":18446744073709551615,"ok":true,"t":"2013-12-02 21:15:00","f":[0.5,1e3],"s":"abc"}
{"ok":0,"n":9007199254740993.0}"#;
    let (schema, bytes) = whole(text, &options);
    assert_eq!(Some(&schema), options.schema.as_ref());
    let records = Records::new(&schema, &bytes);
    let at = |i, name: &str| records.integer(i, &schema.column(name).expect(name));
    assert_eq!(at(0, "n"), Some(u64::MAX.into()));
    assert_eq!(at(1, "n"), Some(9_007_199_254_740_993));
    assert_eq!(
        (at(0, "ok"), at(1, "ok"), at(1, "t")),
        (Some(1), Some(0), None)
    );
    assert_eq!(numbers(&schema, &bytes, "f[1]")[0], 1000.0);
    assert!(numbers(&schema, &bytes, "f[1]")[1].is_nan());
    for (line, expected) in [
        (
            "{\"ok\":1}",
            "line 1: there is no key \"n\", expected one: u64 cannot be missing",
        ),
        (
            "{\"n\":null,\"ok\":1}",
            "found \"null\", expected a whole number within the range of u64",
        ),
        (
            "{\"n\":-1,\"ok\":1}",
            "expected a whole number within the range of u64",
        ),
        (
            "{\"n\":1,\"ok\":256}",
            "expected a whole number within the range of u8",
        ),
        (
            "{\"n\":1,\"ok\":1,\"f\":[1,16777217]}",
            "expected an array of 2, each a number",
        ),
        (
            "{\"n\":1,\"ok\":1,\"s\":\"abcd\"}",
            "expected a string of at most 3 bytes",
        ),
        ("{\"n\":1,\"ok\":1,\"t\":5}", "expected a date and time"),
        ("{\"n\":1,\"ok\":1,\"x\":5}", "found the key \"x\""),
    ] {
        let (count, error) = fails(line, &options);
        assert_eq!(count, 0);
        assert!(error.contains(expected), "{line}: {error}");
    }
    let lenient = ColumnOptions {
        leave_out_others: true,
        ..options
    };
    let (_, bytes) = whole("{\"n\":1,\"ok\":1,\"x\":{\"y\":[]}}", &lenient);
    assert_eq!(bytes.len(), 8 + 8 + 1 + 8 + 3);
    assert!(whole("", &lenient).1.is_empty());
}

#[test]
fn lines_are_bounded() {
    let long = format!("{{\"a\":1}}\n{{\"a\":{}1}}\n", " ".repeat(1 << 20));
    let (count, error) = {
        let (schema, bytes, error) = read(long.as_bytes(), 1000, &plain()).expect("opens");
        (bytes.len() / schema.size(), error.expect("too long"))
    };
    assert_eq!(count, 1);
    assert!(
        error.contains("line 2: longer than 1048576 bytes"),
        "{error}"
    );
    let endless = vec![b' '; 3 << 20];
    let error = read(&endless, 1000, &plain()).expect_err("too long");
    assert!(
        error.contains("line 1: longer than 1048576 bytes"),
        "{error}"
    );
    let (_, error) = fails_bytes(b"{\"a\":1}\n\xff\n");
    assert!(
        error.contains("line 2, column 1: found") && error.contains("it is not UTF-8"),
        "{error}"
    );
}

fn fails_bytes(text: &[u8]) -> (usize, String) {
    let (schema, bytes, error) = read(text, 5, &plain()).expect("opens");
    (bytes.len() / schema.size(), error.expect("an error"))
}

/// A value of a type, as JSON and as the bytes of its field.
fn value(element: Element) -> BoxedStrategy<(String, Vec<u8>)> {
    macro_rules! number {
        ($type:ty) => {
            any::<$type>()
                .prop_map(|value| (value.to_string(), value.to_le_bytes().to_vec()))
                .boxed()
        };
    }
    macro_rules! float {
        ($type:ty) => {
            any::<$type>()
                .prop_map(|value| {
                    let value = if value.is_finite() {
                        value
                    } else {
                        <$type>::NAN
                    };
                    let text = match value.is_nan() {
                        true => "null".to_owned(),
                        // With a point or an exponent: a fraction as floating point has it.
                        false => format!("{value:e}"),
                    };
                    (text, value.to_le_bytes().to_vec())
                })
                .boxed()
        };
    }
    match element {
        Element::U8 => number!(u8),
        Element::U16 => number!(u16),
        Element::U32 => number!(u32),
        Element::U64 => number!(u64),
        Element::I8 => number!(i8),
        Element::I16 => number!(i16),
        Element::I32 => number!(i32),
        Element::I64 => number!(i64),
        Element::F32 => float!(f32),
        Element::F64 => float!(f64),
        Element::Text(size) => ".{0,8}"
            .prop_filter("it fits", move |text: &String| {
                text.len() <= size && !text.ends_with('\0')
            })
            .prop_map(move |text| {
                let mut bytes = text.clone().into_bytes();
                bytes.resize(size, 0);
                (serde_json::Value::from(text).to_string(), bytes)
            })
            .boxed(),
        Element::DateTimeNs => (-9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000)
            .prop_map(|ns| {
                let time = jiff::Timestamp::from_nanosecond(ns.into()).expect("in range");
                (format!("\"{time}\""), ns.to_le_bytes().to_vec())
            })
            .boxed(),
        Element::DurationNs => (-9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000)
            .prop_map(|ns| {
                let (sign, ns_abs) = (if ns < 0 { "-" } else { "" }, ns.unsigned_abs());
                let text = format!(
                    "{sign}{}.{:09}",
                    ns_abs / 1_000_000_000,
                    ns_abs % 1_000_000_000
                );
                (text, ns.to_le_bytes().to_vec())
            })
            .boxed(),
    }
}

fn element() -> impl Strategy<Value = Element> {
    prop_oneof![
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
        (8_usize..20).prop_map(Element::Text),
        Just(Element::DateTimeNs),
        Just(Element::DurationNs),
    ]
}

/// Values one behind the other, in brackets as their dimensions say.
fn nested(values: &[String], shape: &[usize]) -> String {
    match shape.split_first() {
        None => values[0].clone(),
        Some((&len, inner)) => {
            let parts: Vec<String> = values
                .chunks(values.len() / len)
                .map(|part| nested(part, inner))
                .collect();
            format!("[{}]", parts.join(" , "))
        }
    }
}

type Row = Vec<(String, Vec<u8>)>;

/// A schema, and for each record the text and the bytes of each field.
fn records() -> impl Strategy<Value = (Schema, Vec<Row>)> {
    let field = (element(), collection::vec(1_usize..4, 0..3));
    collection::vec(field, 1..6).prop_flat_map(|fields| {
        let schema = fields
            .iter()
            .enumerate()
            .map(|(n, (element, shape))| Field::new(format!("f\"{n}é"), *element).shape(shape));
        let schema = Schema::packed(schema).expect("a schema");
        let values: Vec<_> = fields
            .iter()
            .map(|(element, shape)| {
                let (count, shape) = (shape.iter().product::<usize>(), shape.clone());
                collection::vec(value(*element), count).prop_map(move |values| {
                    let (texts, bytes): (Vec<_>, Vec<_>) = values.into_iter().unzip();
                    (nested(&texts, &shape), bytes.concat())
                })
            })
            .collect();
        (Just(schema), collection::vec(values, 0..8))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Records of any types come out as they were written, in whatever pieces and whatever order of the keys.
    #[test]
    fn records_come_through_json_bit_by_bit(
        (schema, rows) in records(),
        piece in 1_usize..200,
        turn in 0_usize..6,
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for row in &rows {
            let mut pairs: Vec<String> = row
                .iter()
                .zip(schema.fields())
                .map(|((text, _), field)| format!("{}: {text}", serde_json::Value::from(field.name())))
                .collect();
            let turn = turn % pairs.len();
            pairs.rotate_left(turn);
            text.push_str(&format!("{{{}}}\n", pairs.join(",")));
            expected.extend(row.iter().flat_map(|(_, bytes)| bytes));
        }
        let options = ColumnOptions { schema: Some(schema.clone()), ..plain() };
        let found = read(text.as_bytes(), piece, &options);
        prop_assert_eq!(found, Ok((schema, expected, None)));
    }

    /// The same with what the first object says: numbers, booleans and arrays of them.
    #[test]
    fn numbers_come_through_json_bit_by_bit(
        rows in collection::vec(collection::vec(any::<f64>(), 5), 1..8),
        flags in collection::vec(any::<bool>(), 8),
        piece in 1_usize..200,
    ) {
        let json = |value: f64| match value.is_finite() {
            true => format!("{value:e}"),
            false => "null".to_owned(),
        };
        let bits = |value: f64| if value.is_finite() { value } else { f64::NAN }.to_le_bytes();
        let mut text = String::new();
        let mut expected = Vec::new();
        for (row, flag) in rows.iter().zip(&flags) {
            let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|n| json(row[n]));
            text.push_str(&format!("{{\"a\":{a},\"b\":[[{b},{c}],[{d},{e}]],\"c\":{flag}}}\n"));
            expected.extend(row.iter().flat_map(|value| bits(*value)));
            expected.extend(bits(f64::from(u8::from(*flag))));
        }
        let (schema, bytes, error) = read(text.as_bytes(), piece, &plain()).expect("opens");
        prop_assert_eq!(schema.size(), 48);
        prop_assert_eq!((bytes, error), (expected, None));
    }

    /// Whatever comes, it is the same in any pieces.
    #[test]
    fn pieces_make_no_difference(
        lines in collection::vec(r#"\{("a":[0-9e.\[\],-]{0,5},?|"b":(null|true|"x"),?| |\}){0,4}"#, 0..5),
        piece in 1_usize..20,
    ) {
        let text = lines.join("\n");
        let whole = read(text.as_bytes(), usize::MAX, &plain());
        prop_assert_eq!(read(text.as_bytes(), piece, &plain()), whole);
    }
}
