//! `#[repr(..)]` of the struct and `#[record(..)]` of its fields.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, DeriveInput, Error, Ident, LitStr, Result};

/// What `#[record(..)]` says about a field.
#[derive(Default)]
pub struct Meaning {
    pub unit: Option<LitStr>,
    pub clock: Option<Ident>,
    /// Where `text` is written.
    pub text: Option<Span>,
}

impl Meaning {
    pub fn read(attributes: &[Attribute]) -> Result<Meaning> {
        let mut meaning = Meaning::default();
        for attribute in attributes {
            if attribute.path().is_ident("record") {
                attribute.parse_nested_meta(|key| meaning.read_key(&key))?;
            }
        }
        if let (Some(text), Some(_)) = (meaning.text, &meaning.clock) {
            return Err(Error::new(
                text,
                "a time cannot be text: remove one of the two",
            ));
        }
        Ok(meaning)
    }

    fn read_key(&mut self, key: &ParseNestedMeta) -> Result<()> {
        if key.path.is_ident("unit") {
            let unit = key.value()?.parse()?;
            check_unit(&unit)?;
            set(&mut self.unit, unit, key)
        } else if key.path.is_ident("time") {
            let clock = clock(&key.value()?.parse()?)?;
            set(&mut self.clock, clock, key)
        } else if key.path.is_ident("text") {
            set(&mut self.text, key.input.span(), key)?;
            self.text = key.path.get_ident().map(Ident::span);
            Ok(())
        } else {
            Err(key.error("expected `unit = \"..\"`, `time = \"..\"` or `text`"))
        }
    }
}

fn set<T>(slot: &mut Option<T>, value: T, key: &ParseNestedMeta) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(key.error("given twice: remove one")),
    }
}

fn check_unit(unit: &LitStr) -> Result<()> {
    let text = unit.value();
    if text.len() <= 255 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::new(
        unit.span(),
        "a unit has at most 255 bytes and no control characters: shorten it",
    ))
}

/// The variant of `ringbuf_core::Clock`.
fn clock(name: &LitStr) -> Result<Ident> {
    let variant = match name.value().as_str() {
        "unix" => "Unix",
        "monotonic" => "Monotonic",
        "recording" => "Recording",
        found => {
            let message = format!(
                "there is no clock \"{found}\", expected \"unix\", \"monotonic\" or \"recording\""
            );
            return Err(Error::new(name.span(), message));
        }
    };
    Ok(Ident::new(variant, name.span()))
}

/// `#[record(..)]` says nothing about a struct.
pub fn no_attributes(attributes: &[Attribute]) -> Result<()> {
    match attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("record"))
    {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            "`#[record(..)]` describes a field: move it to one",
        )),
    }
}

/// Without it the compiler may order the fields as it likes, differently in every program.
pub fn require_repr_c(item: &DeriveInput) -> Result<()> {
    let mut is_c = false;
    for attribute in &item.attrs {
        if attribute.path().is_ident("repr") {
            attribute.parse_nested_meta(|hint| {
                is_c |= hint.path.is_ident("C");
                skip_argument(&hint)
            })?;
        }
    }
    if is_c {
        return Ok(());
    }
    Err(Error::new(
        item.ident.span(),
        format!(
            "the layout of `{name}` is not fixed: add `#[repr(C)]` above `struct {name}`",
            name = item.ident
        ),
    ))
}

/// The number in `align(8)`.
fn skip_argument(hint: &ParseNestedMeta) -> Result<()> {
    if hint.input.peek(syn::token::Paren) {
        let argument;
        syn::parenthesized!(argument in hint.input);
        argument.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
