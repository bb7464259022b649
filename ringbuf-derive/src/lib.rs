//! `#[derive(Record)]` for ringbuf-core, which re-exports it beside the trait.
//!
//! The macro only sees names, so it refuses what can be told by names and leaves the rest to the
//! compiler: types are checked by a sealed trait, padding by a `const fn`, both in ringbuf-core.

mod attributes;
mod expand;
mod input;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a record: implements `ringbuf_core::Record` after checking that it may.
///
/// The struct needs `#[repr(C)]`, `Copy`, named fields without padding between them, and an
/// alignment of at most 8. Its fields are `u8` to `u64`, `i8` to `i64`, `f32`, `f64`, and arrays
/// of these with up to 4 dimensions. Whatever is missing, the compile error says what to change.
///
/// Attributes of a field:
///
/// * `#[record(unit = "m/s2")]` says in what unit it is.
/// * `#[record(time = "unix")]` (or `"monotonic"`, `"recording"`) says that it is the time of the
///   record, and on which clock.
/// * `#[record(text)]` says that a `[u8; N]` is text, filled up with NULs.
///
/// ```
/// use ringbuf_core::{Element, Record};
///
/// #[derive(Record, Clone, Copy)]
/// #[repr(C)]
/// struct Reading {
///     #[record(time = "unix", unit = "ns")]
///     t_ns: u64,
///     #[record(unit = "°C")]
///     temperature: f32,
///     #[record(text)]
///     site: [u8; 12],
/// }
///
/// let schema = Reading::schema();
/// assert_eq!(schema.size(), 24);
/// assert_eq!(schema.time_field().unwrap().name(), "t_ns");
/// assert_eq!(schema.field("site").unwrap().element(), Element::Text(12));
/// ```
///
/// Padding is refused, because nothing may write it and everybody would copy it:
///
/// ```compile_fail
/// # use ringbuf_core::Record;
/// #[derive(Record, Clone, Copy)]
/// #[repr(C)]
/// struct Holey {
///     state: u8,
///     value: f64,
/// }
/// ```
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    match input::Input::read(&item) {
        Ok(input) => expand::expand(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
