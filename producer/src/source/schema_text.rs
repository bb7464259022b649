//! A schema as people write it: `t:u64:ns:unix,accel:f32[3]:g`, or as JSON.

use ringbuf_core::{Clock, Element, Field, Schema};

/// The schema that a text means.
///
/// # Errors
///
/// What was found, and what was expected.
pub fn parse(text: &str) -> Result<Schema, String> {
    let text = text.trim();
    if text.starts_with('{') {
        return json(text);
    }
    if !text.contains(':') {
        return Err(format!(
            "found {}, expected NAME:TYPE with commas between, such as t:u64:ns,accel:f32[3]:g, the JSON that `ringctl \
             info RING --json` prints, or a file with either",
            shown(text)
        ));
    }
    let mut fields = Vec::new();
    for part in text.split(',') {
        fields.push(field(part.trim())?);
    }
    // One time is enough, and the first is meant.
    let has_time = |field: &Field| matches!(field.role(), ringbuf_core::Role::Time(_));
    if !fields.iter().any(has_time)
        && let Some(at) = fields.iter().position(is_time_by_itself)
    {
        let clock = match fields[at].element() {
            Element::DateTimeNs => Clock::Unix,
            _ => Clock::Recording,
        };
        let field = fields[at].clone().time(clock);
        fields[at] = field;
    }
    Schema::packed(fields).map_err(|error| error.to_string())
}

/// What a ring says of itself has its schema in it.
fn json(text: &str) -> Result<Schema, String> {
    #[derive(serde::Deserialize)]
    struct Info<'a> {
        #[serde(borrow)]
        schema: &'a serde_json::value::RawValue,
    }
    let schema = match serde_json::from_str::<Info<'_>>(text) {
        Ok(info) => info.schema.get(),
        Err(_) => text,
    };
    Schema::from_json(schema.as_bytes()).map_err(|error| error.to_string())
}

fn is_time_by_itself(field: &Field) -> bool {
    matches!(field.element(), Element::DateTimeNs | Element::DurationNs)
        && field.get_shape().is_empty()
}

/// `accel:f32[3]:g`.
fn field(text: &str) -> Result<Field, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (name, type_name, unit, clock) = match parts.as_slice() {
        [name, type_name] => (name, type_name, "", None),
        [name, type_name, unit] => (name, type_name, *unit, None),
        [name, type_name, unit, clock] => (name, type_name, *unit, Some(*clock)),
        _ => {
            return Err(format!(
                "found {}, expected NAME:TYPE, NAME:TYPE:UNIT or NAME:TYPE:UNIT:CLOCK; JSON takes names of any kind",
                shown(text)
            ));
        }
    };
    let (element, shape) = element_and_shape(type_name)?;
    let mut field = Field::new(*name, element).shape(&shape);
    if !unit.is_empty() {
        field = field.unit(unit);
    }
    Ok(match clock {
        None => field,
        Some("unix") => field.time(Clock::Unix),
        Some("monotonic") => field.time(Clock::Monotonic),
        Some("recording") => field.time(Clock::Recording),
        Some(other) => {
            return Err(format!(
                "found the clock {} in {}, expected unix, monotonic or recording",
                shown(other),
                shown(text)
            ));
        }
    })
}

/// `f32[3]`, and `<f4[3]` as NumPy would write the first half of it.
fn element_and_shape(text: &str) -> Result<(Element, Vec<usize>), String> {
    // Where a byte order is marked the rest has brackets of its own: <M8[ns].
    let (name, mut dimensions) = match text.find('[') {
        Some(at) if !text.starts_with(['<', '|']) || !text.ends_with("[ns]") => text.split_at(at),
        _ => (text, ""),
    };
    let wrong = || {
        format!(
            "found the type {}, expected one of u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 (sizes in bits), text(BYTES), \
             datetime or duration, and for arrays [N] behind it, as in f32[3] or f64[3][3]",
            shown(text)
        )
    };
    let element = element(name).ok_or_else(wrong)?;
    let mut shape = Vec::new();
    while !dimensions.is_empty() {
        let (dimension, rest) = dimensions
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .ok_or_else(wrong)?;
        shape.push(number(dimension).ok_or_else(wrong)?);
        dimensions = rest;
    }
    Ok((element, shape))
}

fn element(name: &str) -> Option<Element> {
    let element = match name {
        "u8" | "uint8" => Element::U8,
        "u16" | "uint16" => Element::U16,
        "u32" | "uint32" => Element::U32,
        "u64" | "uint64" => Element::U64,
        "i8" | "int8" => Element::I8,
        "i16" | "int16" => Element::I16,
        "i32" | "int32" => Element::I32,
        "i64" | "int64" => Element::I64,
        "f32" | "float32" => Element::F32,
        "f64" | "float64" => Element::F64,
        "datetime" | "datetime(ns)" => Element::DateTimeNs,
        "duration" | "duration(ns)" => Element::DurationNs,
        // Without its mark NumPy's u8 would be taken for another type.
        marked if marked.starts_with(['<', '|']) => return Element::parse(marked).ok(),
        text => {
            let bytes = text.strip_prefix("text(")?.strip_suffix(')')?;
            Element::Text(number(bytes).filter(|&bytes| bytes > 0)?)
        }
    };
    Some(element)
}

fn number(digits: &str) -> Option<usize> {
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

fn shown(text: &str) -> String {
    super::csv_cell::shown(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Field {
        parse(text).expect(text).fields()[0].clone()
    }

    #[test]
    fn fields_have_names_types_units_and_clocks() {
        let schema =
            parse("t:u64:ns:unix, accel:f32[3]:g,m:f64[2][3],state:text(8)").expect("parses");
        let expected = Schema::packed([
            Field::new("t", Element::U64).unit("ns").time(Clock::Unix),
            Field::new("accel", Element::F32).shape(&[3]).unit("g"),
            Field::new("m", Element::F64).shape(&[2, 3]),
            Field::new("state", Element::Text(8)),
        ]);
        assert_eq!(schema, expected.expect("a schema"));
        assert_eq!(
            one("t:i32::monotonic").role(),
            ringbuf_core::Role::Time(Clock::Monotonic)
        );
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        let all = "a:u8,b:u16,c:u32,d:u64,e:i8,f:i16,g:i32,h:i64,i:f32,j:f64,k:text(3),l:datetime(ns),m:duration(ns)";
        let schema = parse(all).expect("parses");
        let elements = schema.fields().iter().map(|field| field.element());
        let typed = schema.fields().iter().zip(elements);
        for (field, element) in typed {
            assert_eq!(one(&format!("x:{element}")).element(), field.element());
            assert_eq!(
                one(&format!("x:{}", element.format())).element(),
                field.element()
            );
        }
        assert_eq!(one("x:<f4[3]").get_shape(), [3]);
        assert_eq!(one("x:float32[3]").element(), Element::F32);
    }

    #[test]
    fn the_first_time_there_is_is_the_time() {
        let time = |text| {
            parse(text)
                .expect(text)
                .time_field()
                .map(|field| field.name().to_owned())
        };
        assert_eq!(time("a:u64,t:datetime,u:duration"), Some("t".to_owned()));
        assert_eq!(time("t:datetime,u:u64::unix"), Some("u".to_owned()));
        assert_eq!(time("t:u64:ns"), None);
        assert_eq!(time("t:duration[2]"), None);
    }

    #[test]
    fn json_is_taken_as_a_ring_has_it() {
        let schema = parse("t:u64:ns:unix,accel:f32[3]:g").expect("parses");
        let json = schema.to_json();
        assert_eq!(parse(&json), Ok(schema.clone()));
        let info = format!(" {{\"ring\":\"imu\",\"schema\":{json},\"capacity\":5}}\n");
        assert_eq!(parse(&info), Ok(schema));
        assert!(parse("{}").is_err_and(|error| error.contains("dtype")));
    }

    #[test]
    fn what_is_no_schema_is_told_what_is_expected() {
        for text in [
            "",
            "x",
            "x:",
            ":f64",
            "x:f4",
            "x:u1",
            "x:f64[",
            "x:f64[]",
            "x:f64[3",
            "x:f64[+3]",
            "x:f64[0]",
            "x:f64[2,3]",
            "x:f64[1][1][1][1][1]",
            "x:text",
            "x:text(0)",
            "x:f64,",
            "x:f64,x:f32",
            "x:f64:V:unix:more",
            "x:f64:V:gps",
            "x:text(3)::unix",
            "x:>f8",
            "x:\u{1b}[2J",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("expected"), "{text}: {error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }
}
