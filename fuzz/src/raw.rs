//! Records as they lie in memory, behind a schema as it is typed.

use producer::source::Source;
use producer::source::raw_records::RawSource;
use producer::source::schema_text;

use crate::assert_is_message;
use crate::csv::read_all;
use crate::image::Input;
use crate::schema::assert_holds;

/// A byte for the size of the pieces, a line with a schema, and records: all that are whole come out, and what is left
/// over is told.
pub(crate) fn raw(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let line = input.0.iter().position(|&byte| byte == b'\n');
    let line = line.unwrap_or(input.0.len());
    let typed = String::from_utf8_lossy(input.take(line)).into_owned();
    input.take(1);
    let schema = match schema_text::parse(&typed) {
        Ok(schema) => schema,
        Err(error) => return assert_is_message(&error),
    };
    assert_holds(&schema);
    assert_eq!(schema_text::parse(&schema.to_json()).as_ref(), Ok(&schema));
    let size = schema.size();
    let whole = input.0.len() / size * size;
    for max in [1, 1000] {
        let mut source = RawSource::in_pieces(input.0, piece, schema.clone());
        assert_eq!(source.schema().size(), size);
        let (bytes, error) = read_all(&mut source, max);
        assert_eq!(bytes, input.0[..whole]);
        assert_eq!(error.is_some(), whole < input.0.len(), "{error:?}");
        error.iter().for_each(|error| assert_is_message(error));
    }
}
