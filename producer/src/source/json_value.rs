//! One value of a JSON object: from its text to the bytes of its field.

use std::borrow::Cow;

use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{columns::Place, csv_cell, kind::Kind};

/// Writes a value where its field lies; `None` if it is none of its type, or does not fit.
pub(crate) fn write(place: &Place, text: &str, field: &mut [u8]) -> Option<()> {
    write_array(place.kind, &place.shape, text, field)
}

/// Writes that there is no value; `None` if the type has nothing that says so.
pub(crate) fn write_missing(place: &Place, field: &mut [u8]) -> Option<()> {
    let size = place.kind.size().max(1);
    let mut values = field.chunks_exact_mut(size);
    values.try_for_each(|value| place.kind.write_missing(value))
}

/// Bytes of the field.
pub(crate) fn size(place: &Place) -> usize {
    place.shape.iter().product::<usize>() * place.kind.size()
}

/// The dimensions that a value has, told by the first of its elements; `None` for an array without any.
pub(crate) fn shape(text: &str) -> Option<Vec<usize>> {
    // More than a field may have, so that the schema refuses it by name.
    const DEEPEST: usize = 8;
    let mut shape = Vec::new();
    let mut value = text;
    while value.starts_with('[') && shape.len() < DEEPEST {
        let elements: Vec<&RawValue> = serde_json::from_str(value).ok()?;
        shape.push(elements.len());
        value = elements.first()?.get();
    }
    Some(shape)
}

/// What would have been right, for an error.
pub(crate) fn expected(place: &Place, text: &str) -> String {
    let what = match (&place.kind, text.as_bytes().first()) {
        (Kind::Left, _) => return "anything".to_owned(),
        (_, Some(b'{')) => {
            "no object inside of the object, since records are flat; --leave-out passes it over"
                .to_owned()
        }
        (kind, Some(b'0'..=b'9' | b'-')) if kind.is_inexact(text) => kind.inexact(),
        (Kind::Number(_), Some(b'"')) => {
            format!(
                "{}; publish it as text with --text, or use --leave-out",
                place.kind.expected()
            )
        }
        (Kind::Text(size), _) => format!("a string of at most {size} bytes; see --text"),
        (kind, _) => kind.expected(),
    };
    match place.shape.as_slice() {
        [] => what,
        shape => {
            let lens: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("an array of {}, each {what}", lens.join(" x "))
        }
    }
}

/// A value as it is shown in an error.
pub(crate) fn shown(text: &str) -> String {
    csv_cell::shown(text.as_bytes())
}

/// The text in a string, or the text of another value.
pub(crate) fn plain(text: &str) -> Option<Cow<'_, str>> {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Some(Cow::Borrowed(text));
    };
    if inner.contains('\\') {
        return serde_json::from_str(text).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

fn write_array(kind: Kind, shape: &[usize], text: &str, out: &mut [u8]) -> Option<()> {
    let Some((&len, inner)) = shape.split_first() else {
        return write_single(kind, text, out);
    };
    if text == "null" {
        let mut values = out.chunks_exact_mut(kind.size().max(1));
        return values.try_for_each(|value| kind.write_missing(value));
    }
    let elements = Elements {
        kind,
        shape: inner,
        each: out.len() / len.max(1),
        out,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_seq(elements).ok()
}

fn write_single(kind: Kind, text: &str, out: &mut [u8]) -> Option<()> {
    match (text.as_bytes().first()?, kind) {
        (_, Kind::Left) => Some(()),
        (b'n', _) => kind.write_missing(out),
        (b't', Kind::Number(_)) => kind.write("1", out),
        (b'f', Kind::Number(_)) => kind.write("0", out),
        (b'0'..=b'9' | b'-', Kind::Number(_) | Kind::Time(_)) => kind.write(text, out),
        (b'"', Kind::Text(_) | Kind::Time(_)) => kind.write(&plain(text)?, out),
        _ => None,
    }
}

/// The elements of an array, each written behind the one before it.
struct Elements<'a> {
    kind: Kind,
    /// The dimensions of each.
    shape: &'a [usize],
    /// Bytes of each.
    each: usize,
    out: &'a mut [u8],
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut places = self.out.chunks_exact_mut(self.each.max(1));
        while let Some(element) = elements.next_element::<&RawValue>()? {
            let place = places.next().ok_or_else(|| A::Error::custom("more"))?;
            write_array(self.kind, self.shape, element.get(), place)
                .ok_or_else(|| A::Error::custom("wrong"))?;
        }
        match places.next() {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("fewer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use ringbuf_core::Element;

    use super::*;

    fn numbers(shape: &[usize], text: &str) -> Option<Vec<f64>> {
        let place = Place {
            kind: Kind::Number(Element::F64),
            offset: 0,
            shape: shape.to_vec(),
        };
        let mut out = vec![0; size(&place)];
        write(&place, text, &mut out)?;
        let values = out.as_chunks::<8>().0.iter();
        Some(values.map(|value| f64::from_le_bytes(*value)).collect())
    }

    #[test]
    fn arrays_have_the_dimensions_they_should() {
        assert_eq!(
            numbers(&[3], "[1, -2.5e0 ,true]"),
            Some(vec![1.0, -2.5, 1.0])
        );
        let square = Some(vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(numbers(&[2, 2], "[[1,2],[3,4]]"), square);
        for text in [
            "[1,2]",
            "[1,2,3,4]",
            "1",
            "[[1],[2],[3]]",
            "[1,2,\"3\"]",
            "{}",
            "[]",
            "\"\"",
        ] {
            assert_eq!(numbers(&[3], text), None, "{text}");
        }
        for text in ["[[1,2],[3]]", "[[1,2]]", "[[1,2],[3,4],[5,6]]", "[1,2,3,4]"] {
            assert_eq!(numbers(&[2, 2], text), None, "{text}");
        }
        let nothing = numbers(&[2], "null").expect("missing");
        assert!(nothing.iter().all(|value| value.is_nan()));
        assert!(numbers(&[2], "[null,1]").is_some_and(|two| two[0].is_nan() && two[1] == 1.0));
    }

    #[test]
    fn the_first_element_tells_the_shape() {
        assert_eq!(shape("1"), Some(vec![]));
        assert_eq!(shape("[1,2]"), Some(vec![2]));
        assert_eq!(shape("[[1,2,3],4]"), Some(vec![2, 3]));
        assert_eq!(shape("[\"a\"]"), Some(vec![1]));
        assert_eq!((shape("[]"), shape("[[],[]]")), (None, None));
        let deep = ["[".repeat(100), "]".repeat(100)].concat();
        assert!(shape(&deep).is_some_and(|shape| shape.len() == 8));
    }

    #[test]
    fn strings_are_unescaped() {
        let text = |text: &str| {
            let mut out = [0xA5; 8];
            write_single(Kind::Text(8), text, &mut out).map(|()| out)
        };
        assert_eq!(text(r#""idle""#), Some(*b"idle\0\0\0\0"));
        assert_eq!(text(r#""a\"\u00e9\n""#), Some(*b"a\"\xc3\xa9\n\0\0\0"));
        assert_eq!(text("null"), Some([0; 8]));
        for not in [r#""much too long""#, r#""\ud800""#, "5", "true", "[]", "{}"] {
            assert_eq!(text(not), None, "{not}");
        }
    }
}
