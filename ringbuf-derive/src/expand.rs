//! The code that the macro writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::input::{Input, InputField};

pub fn expand(input: &Input<'_>) -> TokenStream {
    let name = input.name;
    let name_text = name.to_string();
    let places = input.fields.iter().map(|field| place(input, field));
    let fields = input.fields.iter().map(|field| describe(input, field));
    quote! {
        const _: () = ::ringbuf_core::__private::check_layout(
            #name_text,
            &[#(#places),*],
            ::core::mem::size_of::<#name>(),
            ::core::mem::align_of::<#name>(),
        );

        // SAFETY: `#[repr(C)]` was found; the constant above does not compile if there is padding
        // or the alignment is over 8; every field's type is a `FieldType`, which any bit pattern
        // is valid for; the schema takes types, sizes and offsets from the compiler.
        #[automatically_derived]
        unsafe impl ::ringbuf_core::Record for #name {
            fn schema() -> ::ringbuf_core::Schema {
                let fields = [#(#fields),*];
                let size = ::core::mem::size_of::<#name>();
                match ::ringbuf_core::Schema::with_offsets(fields, size) {
                    ::core::result::Result::Ok(schema) => schema,
                    ::core::result::Result::Err(error) => {
                        ::core::unreachable!("checked by the derive macro: {}", error)
                    }
                }
            }
        }
    }
}

fn place(input: &Input<'_>, field: &InputField<'_>) -> TokenStream {
    let (record, ident, name, kind) = (input.name, field.ident, &field.name, field.kind);
    let is_time = field.meaning.clock.is_some();
    // Only a time needs its dimensions checked; for the others the trait would be asked twice,
    // and a wrong type reported twice.
    let dimensions = if is_time {
        quote_spanned!(kind.span()=> <#kind as ::ringbuf_core::__private::FieldType>::DIMENSIONS)
    } else {
        quote!(0)
    };
    quote! {
        ::ringbuf_core::__private::Place {
            name: #name,
            offset: ::core::mem::offset_of!(#record, #ident),
            size: ::core::mem::size_of::<#kind>(),
            dimensions: #dimensions,
            is_time: #is_time,
        }
    }
}

fn describe(input: &Input<'_>, field: &InputField<'_>) -> TokenStream {
    let (record, ident, name, kind) = (input.name, field.ident, &field.name, field.kind);
    let function = match field.meaning.text {
        Some(_) => quote!(text_field),
        None => quote!(field),
    };
    let unit = field.meaning.unit.as_ref().map(|unit| quote!(.unit(#unit)));
    let clock = field.meaning.clock.as_ref();
    let clock = clock.map(|clock| quote!(.time(::ringbuf_core::Clock::#clock)));
    let described = quote_spanned! {kind.span()=>
        <#kind as ::ringbuf_core::__private::FieldType>::#function(#name)
    };
    quote! {
        #described.at(::core::mem::offset_of!(#record, #ident)) #unit #clock
    }
}
