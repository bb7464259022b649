//! Rust types that are records.
#![allow(unsafe_code)]

mod check;

pub use check::{Place, check_layout};

use crate::schema::{Element, Field, MAX_DIMENSIONS, MAX_SIZE, Schema};

/// A Rust type whose bytes are a record.
///
/// Numbers and arrays of numbers are records of one field, named `value`. For structs there is
/// `#[derive(Record)]`, which checks at compile time everything that is required here.
///
/// ```
/// use ringbuf_core::Record;
///
/// #[derive(Record, Clone, Copy)]
/// #[repr(C)]
/// struct Imu {
///     #[record(time = "unix", unit = "ns")]
///     t_ns: u64,
///     #[record(unit = "m/s2")]
///     accel: [f32; 3],
///     gyro: [f32; 3],
/// }
///
/// assert_eq!(Imu::schema().size(), 32);
/// assert_eq!(Imu::schema().field("gyro").unwrap().offset(), 20);
/// assert_eq!(<[f64; 2]>::schema().fields()[0].get_shape(), [2]);
/// ```
///
/// # Safety
///
/// * The layout is that of the target's C ABI (`repr(C)` or a primitive), without padding.
/// * Every bit pattern of `size_of::<Self>()` bytes is a valid value.
/// * The alignment is at most 8.
/// * [`schema`](Record::schema) describes exactly this layout, every time it is called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "records are numbers, arrays of numbers, and structs with `#[derive(Record)]`",
    note = "add `#[derive(Record, Clone, Copy)] #[repr(C)]` to the struct"
)]
pub unsafe trait Record: Copy + Send + 'static {
    /// What a record of this type consists of.
    fn schema() -> Schema;
}

mod sealed {
    /// Keeps other crates from adding field types whose bytes nobody has checked.
    pub trait Sealed {}
}

/// A type that a field of a record can have: a number, or an array of such types.
///
/// Sealed, so that a bound on it is a proof: no padding, any bit pattern valid, alignment at most 8.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of a record cannot be `{Self}`",
    label = "not every bit pattern another process may write is a `{Self}`, or its layout is not fixed",
    note = "fields are u8 u16 u32 u64, i8 i16 i32 i64, f32 f64, and arrays of these: \
            use `u8` for `bool`, `u32` for `char`, `u64` for `usize`, `[u64; 2]` for `u128`"
)]
pub trait FieldType: Record + sealed::Sealed {
    /// The type of each value.
    const ELEMENT: Element;
    /// How many dimensions there are; 0 for a single number.
    const DIMENSIONS: usize;
    /// The dimensions, of which the first `DIMENSIONS` count.
    const SHAPE: [usize; MAX_DIMENSIONS];

    /// The field of this type.
    fn field(name: &str) -> Field {
        Field::new(name, Self::ELEMENT).shape(&Self::SHAPE[..Self::DIMENSIONS])
    }

    /// The field of this type if its bytes are text.
    fn text_field(name: &str) -> Field {
        Field::new(name, Element::Text(size_of::<Self>()))
    }
}

/// A number: `u8` to `u64`, `i8` to `i64`, `f32` and `f64`. Those are what arrays in frames consist of.
///
/// ```
/// use ringbuf_core::{Element, FrameInfo, Number};
///
/// fn square<T: Number>(side: usize) -> FrameInfo {
///     FrameInfo::array_of::<T>(&[side, side])
/// }
/// assert_eq!(square::<f32>(4), FrameInfo::array(Element::F32, &[4, 4]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that a frame can hold",
    label = "numbers are u8 u16 u32 u64, i8 i16 i32 i64, f32 f64"
)]
pub trait Number: FieldType {}

macro_rules! numbers {
    ($($number:ty => $element:ident),* $(,)?) => {$(
        impl sealed::Sealed for $number {}

        impl FieldType for $number {
            const ELEMENT: Element = Element::$element;
            const DIMENSIONS: usize = 0;
            const SHAPE: [usize; MAX_DIMENSIONS] = [0; MAX_DIMENSIONS];
        }

        impl Number for $number {}

        // SAFETY: a primitive number has no padding, any bit pattern is valid (the Reference,
        // "Numeric types"), its alignment is at most 8 (asserted in `value_schema`), and the
        // schema is one field of its type at offset 0.
        unsafe impl Record for $number {
            fn schema() -> Schema {
                value_schema::<$number>()
            }
        }
    )*};
}

numbers! {
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    f32 => F32, f64 => F64,
}

impl<T: FieldType, const N: usize> sealed::Sealed for [T; N] {}

impl<T: FieldType, const N: usize> FieldType for [T; N] {
    const ELEMENT: Element = T::ELEMENT;
    const DIMENSIONS: usize = T::DIMENSIONS + 1;
    const SHAPE: [usize; MAX_DIMENSIONS] = prepend(N, T::SHAPE, T::DIMENSIONS);
}

// SAFETY: an array is its elements one directly after the other with their alignment (the
// Reference, "Array Layout"); `FieldType` is sealed, so in the end these are numbers, for which
// see above. The schema is one field of their type with the dimensions of the array.
unsafe impl<T: FieldType, const N: usize> Record for [T; N] {
    fn schema() -> Schema {
        value_schema::<[T; N]>()
    }
}

fn value_schema<T: FieldType>() -> Schema {
    const {
        assert!(size_of::<T>() > 0, "an empty array is not a record");
        assert!(
            size_of::<T>() <= MAX_SIZE,
            "a record has at most 2^30 bytes"
        );
        assert!(
            align_of::<T>() <= 8,
            "a record is aligned to at most 8 bytes"
        );
    }
    Schema::packed([T::field("value")]).expect("one number or array within the limits")
}

const fn prepend(
    dimension: usize,
    inner: [usize; MAX_DIMENSIONS],
    used: usize,
) -> [usize; MAX_DIMENSIONS] {
    assert!(
        used < MAX_DIMENSIONS,
        "an array in a record has at most 4 dimensions"
    );
    let mut shape = [0; MAX_DIMENSIONS];
    shape[0] = dimension;
    let mut i = 0;
    while i < used {
        shape[i + 1] = inner[i];
        i += 1;
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_records_of_one_value() {
        let schema = i16::schema();
        assert_eq!(
            schema,
            Schema::packed([Field::new("value", Element::I16)]).unwrap()
        );
        assert_eq!(u64::schema().size(), 8);
    }

    #[test]
    fn arrays_are_records_of_one_value_with_dimensions() {
        let schema = <[[[[f32; 2]; 3]; 4]; 5]>::schema();
        let field = &schema.fields()[0];
        assert_eq!(field.name(), "value");
        assert_eq!(field.element(), Element::F32);
        assert_eq!(field.get_shape(), [5, 4, 3, 2]);
        assert_eq!(schema.size(), size_of::<[[[[f32; 2]; 3]; 4]; 5]>());
    }

    #[test]
    fn text_is_one_value() {
        let field = <[u8; 12]>::text_field("label");
        assert_eq!(
            (field.element(), field.get_shape()),
            (Element::Text(12), &[][..])
        );
    }
}
