//! `#[derive(Record)]` for ringbuf-core.
#[proc_macro_derive(Record, attributes(record))]
/// x
pub fn record(_: proc_macro::TokenStream) -> proc_macro::TokenStream { proc_macro::TokenStream::new() }
