//! What can be wrong with a schema.

use super::{MAX_DIMENSIONS, MAX_FIELDS, MAX_JSON, MAX_SIZE, MAX_TEXT};

/// Why a list of fields is not a schema.
///
/// Every message says what was found, what is expected and what to do.
///
/// ```
/// use ringbuf_core::{Element, Field, Schema};
///
/// let twice = [Field::new("x", Element::F32), Field::new("x", Element::F32)];
/// let error = Schema::packed(twice).unwrap_err();
/// assert!(error.to_string().contains("\"x\" stands for two columns"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The JSON is longer than any schema can be.
    #[error(
        "the schema is {found} bytes of JSON, expected at most {MAX_JSON}; \
         the file is damaged or was not written by this program"
    )]
    JsonTooLong {
        /// Bytes of JSON.
        found: usize,
    },
    /// The text is not JSON, or not JSON of the form a schema has.
    #[error(
        "the schema cannot be read: {reason}; expected {{\"dtype\": {{\"names\", \"formats\", \
         \"offsets\", \"itemsize\"}}, \"fields\": {{NAME: {{\"unit\", \"time\"}}}}}}; \
         the file is damaged or was written by a newer program"
    )]
    Json {
        /// The parser's words.
        reason: String,
    },
    /// The three lists of the dtype do not belong together.
    #[error(
        "the dtype lists {names} names, {formats} formats and {offsets} offsets, expected as many \
         of each; give every field one of each"
    )]
    Lengths {
        /// Length of `names`.
        names: usize,
        /// Length of `formats`.
        formats: usize,
        /// Length of `offsets`.
        offsets: usize,
    },
    /// A type that a record cannot hold.
    #[error(
        "the type \"{found}\" is not supported, expected one of |u1 <u2 <u4 <u8 |i1 <i2 <i4 <i8 \
         <f4 <f8 |S(bytes) <M8[ns] <m8[ns], for arrays after a shape as in (3,)<f4; \
         convert the column to one of these"
    )]
    Format {
        /// The NumPy format as found.
        found: String,
    },
    /// No fields, or too many.
    #[error(
        "the schema has {found} fields, expected 1 to {MAX_FIELDS}; gather columns of one type \
         into arrays"
    )]
    FieldCount {
        /// Number of fields.
        found: usize,
    },
    /// A name nobody could type or print.
    #[error(
        "the field name \"{found}\" is empty, too long or has control characters, expected 1 to \
         {MAX_TEXT} bytes of printable text; rename the field"
    )]
    Name {
        /// The name as found, escaped and shortened.
        found: String,
    },
    /// Two fields, or a field and an element of an array, have one name.
    #[error("the name \"{name}\" stands for two columns, expected one; rename a field")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A unit nobody could print.
    #[error(
        "the unit \"{found}\" of \"{field}\" is too long or has control characters, expected up to \
         {MAX_TEXT} bytes of printable text; shorten the unit"
    )]
    Unit {
        /// The field.
        field: String,
        /// The unit as found, escaped and shortened.
        found: String,
    },
    /// A field without bytes, with too many, or with too many dimensions.
    #[error(
        "the field \"{field}\" is {found}, expected at most {MAX_DIMENSIONS} dimensions, none of \
         them zero, and 1 to {MAX_SIZE} bytes; change its shape"
    )]
    Shape {
        /// The field.
        field: String,
        /// Type and shape.
        found: String,
    },
    /// The record is empty or too large.
    #[error(
        "a record is {found} bytes, expected 1 to {MAX_SIZE}; split it over several records or \
         several rings"
    )]
    Size {
        /// Bytes of a record.
        found: usize,
    },
    /// Two fields share bytes.
    #[error(
        "the field \"{field}\" begins at byte {offset}, inside \"{other}\", expected byte \
         {expected} or later; correct the offsets"
    )]
    Overlap {
        /// The field that begins too early.
        field: String,
        /// Where it begins.
        offset: usize,
        /// The field before it.
        other: String,
        /// Where that one ends.
        expected: usize,
    },
    /// Some bytes of the record belong to no field.
    #[error(
        "bytes {from} to {to} of the record belong to no field, expected no padding; reorder the \
         fields from large to small or add a field `_pad` of {bytes} bytes", to = to - 1, bytes = to - from
    )]
    Padding {
        /// The first byte of the hole.
        from: usize,
        /// The first byte after it.
        to: usize,
    },
    /// A field lies beyond the end of the record.
    #[error(
        "the field \"{field}\" ends at byte {end}, expected at most the record's size, {size}; \
         correct its offset or the size"
    )]
    OutOfRange {
        /// The field.
        field: String,
        /// Where it ends.
        end: usize,
        /// Bytes of a record.
        size: usize,
    },
    /// A field that cannot be a time is marked as one.
    #[error(
        "the field \"{field}\" is marked as a time on the {clock} clock but is {found}, expected \
         one number, and the unix clock for dates; mark another field"
    )]
    Time {
        /// The field.
        field: String,
        /// The clock it is said to be on.
        clock: &'static str,
        /// Type and shape.
        found: String,
    },
    /// Unit or meaning is given for a field that is not there.
    #[error(
        "\"fields\" describes \"{name}\", expected only names that the dtype lists; remove the \
         entry or correct the name"
    )]
    UnknownField {
        /// The name as found, escaped and shortened.
        name: String,
    },
}

/// What foreign text may look like in a message: one line, no control characters, not endless.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 160;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
