//! The records of these tests: three numbers that belong together, of a size that is no power of two.

pub type Row = [u32; 3];

/// What a new ring holds everywhere.
pub const NOTHING: Row = [0; 3];

/// The record of a number that no other record has.
pub fn row(number: u32) -> Row {
    [number, !number, number.wrapping_mul(0x9E37_79B9)]
}

pub fn bytes(rows: &[Row]) -> Vec<u8> {
    let numbers = rows.iter().flatten();
    numbers.flat_map(|number| number.to_le_bytes()).collect()
}

pub fn rows(bytes: &[u8]) -> Vec<Row> {
    let row = |bytes: &[u8]| {
        let number = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
        [number(0), number(1), number(2)]
    };
    bytes.chunks(12).map(row).collect()
}
