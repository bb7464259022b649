//! What `#[derive(Record)]` has the compiler check: a layout without holes.
//!
//! The sizes of the fields are known to the compiler but not to the macro, so the macro hands them
//! to a `const fn`, whose panic is the compile error.

use crate::schema::{MAX_FIELDS, MAX_SIZE};

/// Where a field of a struct lies.
#[derive(Debug)]
pub struct Place {
    /// The field's name.
    pub name: &'static str,
    /// Where it begins.
    pub offset: usize,
    /// Its bytes.
    pub size: usize,
    /// Dimensions if it is an array, else 0.
    pub dimensions: usize,
    /// Whether it is marked as a time.
    pub is_time: bool,
}

/// Panics, at compile time, if a struct of these fields cannot be a record.
#[track_caller]
pub const fn check_layout(record: &str, places: &[Place], size: usize, align: usize) {
    if align > 8 {
        let message = Message::new()
            .code(record)
            .text(" is aligned to ")
            .number(align);
        fail(message.text(" bytes, expected at most 8: lower its `align`"));
    }
    if size > MAX_SIZE {
        let message = Message::new().code(record).text(" is ").number(size);
        fail(message.text(" bytes, expected at most 2^30: split it over several records"));
    }
    if places.len() > MAX_FIELDS {
        let message = Message::new()
            .code(record)
            .text(" has ")
            .number(places.len());
        fail(message.text(" fields, expected at most 1024: gather fields of one type into arrays"));
    }
    let mut end = 0;
    let mut i = 0;
    while i < places.len() {
        check_place(record, &places[i], end);
        end = places[i].offset + places[i].size;
        i += 1;
    }
    if size > end {
        let last = places[places.len() - 1].name;
        fail(padding(record, size - end, " after ", last));
    }
}

#[track_caller]
const fn check_place(record: &str, place: &Place, end: usize) {
    if place.size == 0 {
        let message = Message::new().code(place.name).text(" of ").code(record);
        fail(message.text(" is an empty array: remove it or give it a length"));
    }
    if place.is_time && place.dimensions > 0 {
        let message = Message::new().code(place.name).text(" of ").code(record);
        fail(message.text(" is an array, expected one number for a time: mark another field"));
    }
    if place.offset > end {
        fail(padding(record, place.offset - end, " before ", place.name));
    }
}

const fn padding(record: &str, bytes: usize, side: &str, field: &str) -> Message {
    let hole = Message::new()
        .code(record)
        .text(" has ")
        .number(bytes)
        .text(" bytes of padding");
    hole.text(side)
        .code(field)
        .text(": reorder the fields from large to small, or add `_pad: [u8; ")
        .number(bytes)
        .text("]`")
        .text(side)
        .code(field)
}

#[track_caller]
const fn fail(message: Message) -> ! {
    panic!("{}", message.as_str())
}

/// `format!` for constants.
struct Message {
    bytes: [u8; Message::LONGEST],
    length: usize,
}

impl Message {
    const LONGEST: usize = 1024;

    const fn new() -> Message {
        Message {
            bytes: [0; Message::LONGEST],
            length: 0,
        }
    }

    /// What does not fit is left out whole, so that the text stays UTF-8.
    const fn text(mut self, text: &str) -> Message {
        let text = text.as_bytes();
        if self.length + text.len() > Message::LONGEST {
            return self;
        }
        let mut i = 0;
        while i < text.len() {
            self.bytes[self.length] = text[i];
            self.length += 1;
            i += 1;
        }
        self
    }

    const fn code(self, name: &str) -> Message {
        self.text("`").text(name).text("`")
    }

    const fn number(self, number: usize) -> Message {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let message = if number >= 10 {
            self.number(number / 10)
        } else {
            self
        };
        message.text(DIGITS[number % 10])
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "this struct cannot be a record",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn place(name: &'static str, offset: usize, size: usize) -> Place {
        Place {
            name,
            offset,
            size,
            dimensions: 0,
            is_time: false,
        }
    }

    /// The message of the panic.
    fn refused(places: &[Place], size: usize, align: usize) -> String {
        let check = || check_layout("Imu", places, size, align);
        let payload = std::panic::catch_unwind(check).unwrap_err();
        *payload.downcast::<String>().unwrap()
    }

    #[test]
    fn gapless_structs_pass() {
        check_layout("Imu", &[place("t", 0, 8), place("accel", 8, 12)], 20, 4);
        check_layout("Imu", &[place("x", 0, 1 << 30)], 1 << 30, 1);
    }

    #[test]
    fn holes_are_shown_with_the_fix() {
        assert_eq!(
            refused(&[place("state", 0, 1), place("t", 8, 8)], 16, 8),
            "`Imu` has 7 bytes of padding before `t`: reorder the fields from large to small, \
             or add `_pad: [u8; 7]` before `t`"
        );
        assert_eq!(
            refused(&[place("t", 0, 8), place("state", 8, 4)], 16, 8),
            "`Imu` has 4 bytes of padding after `state`: reorder the fields from large to small, \
             or add `_pad: [u8; 4]` after `state`"
        );
    }

    #[test]
    fn what_else_is_refused() {
        assert!(refused(&[place("t", 0, 16)], 16, 16).contains("aligned to 16 bytes"));
        assert!(refused(&[place("t", 0, 1 << 31)], 1 << 31, 8).contains("2147483648 bytes"));
        assert!(refused(&[place("t", 0, 0)], 0, 1).contains("`t` of `Imu` is an empty array"));
        let time = Place {
            dimensions: 1,
            is_time: true,
            ..place("t", 0, 16)
        };
        assert!(refused(&[time], 16, 8).contains("expected one number for a time"));
        let many: Vec<Place> = (0..1025).map(|i| place("x", i, 1)).collect();
        assert!(refused(&many, 1025, 1).contains("1025 fields"));
    }

    #[test]
    fn long_names_cannot_overflow_the_message() {
        let name: &'static str = Box::leak("é".repeat(600).into_boxed_str());
        let shown = refused(&[place(name, 1, 1)], 2, 1);
        assert!(shown.starts_with("`Imu` has 1 bytes of padding"), "{shown}");
    }
}
