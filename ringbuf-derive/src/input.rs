//! What the macro takes from the struct, refusing everything it cannot make a record of.

use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Result, Type};

use crate::attributes::{Meaning, no_attributes, require_repr_c};

/// A struct that may be a record, as far as names tell.
pub struct Input<'a> {
    pub name: &'a Ident,
    pub fields: Vec<InputField<'a>>,
}

/// One of its fields.
pub struct InputField<'a> {
    pub ident: &'a Ident,
    /// The name without `r#`.
    pub name: String,
    pub kind: &'a Type,
    pub meaning: Meaning,
}

impl<'a> Input<'a> {
    /// Everything that is wrong is reported at once.
    pub fn read(item: &'a DeriveInput) -> Result<Input<'a>> {
        let mut problems = Problems::default();
        problems.note(require_repr_c(item));
        problems.note(no_generics(item));
        problems.note(no_attributes(&item.attrs));
        let fields = problems.note(named_fields(item)).unwrap_or_default();
        let fields = fields
            .into_iter()
            .filter_map(|field| problems.note(InputField::read(field)))
            .collect();
        problems.into_result()?;
        Ok(Input {
            name: &item.ident,
            fields,
        })
    }
}

impl<'a> InputField<'a> {
    fn read(field: &'a Field) -> Result<InputField<'a>> {
        let ident = field
            .ident
            .as_ref()
            .expect("only structs with named fields get here");
        let name = ident.unraw().to_string();
        if name.len() > 255 {
            let found = name.len();
            return Err(Error::new(
                ident.span(),
                format!("the name has {found} bytes, expected at most 255: shorten it"),
            ));
        }
        let meaning = Meaning::read(&field.attrs)?;
        if let Some(text) = meaning.text
            && !is_byte_array(&field.ty)
        {
            return Err(Error::new(
                text,
                "`#[record(text)]` is for byte arrays: make the type `[u8; N]`",
            ));
        }
        Ok(InputField {
            ident,
            name,
            kind: &field.ty,
            meaning,
        })
    }
}

#[derive(Default)]
struct Problems(Option<Error>);

impl Problems {
    fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                match &mut self.0 {
                    Some(errors) => errors.combine(error),
                    None => self.0 = Some(error),
                }
                None
            }
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

fn no_generics(item: &DeriveInput) -> Result<()> {
    if item.generics.params.is_empty() && item.generics.where_clause.is_none() {
        return Ok(());
    }
    Err(Error::new(
        item.generics.span(),
        format!(
            "`{}` is generic, but a record has one layout: write a struct for each type",
            item.ident
        ),
    ))
}

fn named_fields(item: &DeriveInput) -> Result<Vec<&Field>> {
    let name = &item.ident;
    let instead = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => {
                return Ok(fields.named.iter().collect());
            }
            Fields::Named(_) | Fields::Unit => "has no fields: a record needs at least one",
            Fields::Unnamed(_) => "is a tuple struct, but fields are found by name: name them",
        },
        Data::Enum(_) => {
            "is an enum, of which not every bit pattern is valid: use a struct with a `u8` field"
        }
        Data::Union(_) => "is a union, but a record has one layout: use a struct",
    };
    Err(Error::new(name.span(), format!("`{name}` {instead}")))
}

fn is_byte_array(kind: &Type) -> bool {
    match kind {
        Type::Array(array) => match &*array.elem {
            Type::Path(path) => path.path.is_ident("u8"),
            _ => false,
        },
        _ => false,
    }
}
