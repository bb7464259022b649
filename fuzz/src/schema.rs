//! Schemas from text.

use producer::source::schema_text;
use ringbuf_core::{Element, Schema};

use crate::assert_is_message;

/// What parses prints and parses to the same; its columns lie in the record, and are found by their names.
pub(crate) fn schema(input: &[u8]) {
    if let Ok(format) = std::str::from_utf8(input)
        && let Ok(element) = Element::parse(format)
    {
        assert_eq!(Element::parse(&element.format()).as_ref(), Ok(&element));
        assert!(element.size() > 0);
    }
    if let Ok(text) = std::str::from_utf8(input) {
        match schema_text::parse(text) {
            Ok(schema) => assert_holds(&schema),
            Err(error) => assert_is_message(&error),
        }
    }
    match Schema::from_json(input) {
        Ok(schema) => assert_holds(&schema),
        Err(error) => assert_is_message(&error.to_string()),
    }
}

pub(crate) fn assert_holds(schema: &Schema) {
    let json = schema.to_json();
    let again = Schema::from_json(json.as_bytes());
    assert_eq!(again.as_ref(), Ok(schema), "{json}");
    assert_is_message_of_any_length(&schema.to_string());
    assert!(schema.describes(schema));
    assert_eq!(schema.size() % schema.word_size(), 0);
    let fields = schema.fields();
    let bytes: usize = fields.iter().map(|field| field.size()).sum();
    assert_eq!(bytes, schema.size(), "every byte belongs to one field");
    let columns = schema.columns();
    for column in &columns {
        let end = column.offset() + column.element().size();
        assert!(end <= schema.size(), "{} ends at {end}", column.name());
    }
    // Not all of them: to look one up takes time in proportion to the fields.
    for column in columns.iter().step_by(columns.len().div_ceil(64).max(1)) {
        assert_eq!(schema.column(column.name()).as_ref(), Some(column));
    }
    let covered: usize = columns.iter().map(|column| column.element().size()).sum();
    let listed = fields.iter().map(|field| field.values()).sum::<usize>() <= 1 << 16;
    assert!(covered == schema.size() || !listed);
}

fn assert_is_message_of_any_length(text: &str) {
    assert!(text.chars().all(|c| !c.is_control() || c == '\n'));
}
