//! One cell of a value column.

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &str) -> bool {
    cell.is_empty()
        || ["nan", "na", "n/a", "null", "none"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word))
}

/// The number in a cell: NaN for an empty one, `None` for one that is no number.
pub(crate) fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    match cell.parse() {
        Ok(number) => Some(number),
        Err(_) => is_missing(cell).then_some(f64::NAN),
    }
}

/// Appends a cell as text of a fixed size, filled up with NUL; says whether it fits.
pub(crate) fn push_text(cell: &str, size: usize, out: &mut Vec<u8>) -> bool {
    if cell.len() > size {
        return false;
    }
    out.extend_from_slice(cell.as_bytes());
    out.resize(out.len() + size - cell.len(), 0);
    true
}

/// A cell as it is shown in an error: quoted, escaped, and short whatever it holds.
pub(crate) fn shown(cell: &[u8]) -> String {
    const LONGEST: usize = 40;
    let text = String::from_utf8_lossy(&cell[..cell.len().min(4 * LONGEST)]);
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() || cell.len() > 4 * LONGEST {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_missing_values() {
        assert_eq!(number("73.96732207"), Some(73.967_322_07));
        assert_eq!(number(" 5.40E-05 "), Some(5.4e-5));
        assert_eq!(number("1"), Some(1.0));
        for missing in ["", "  ", "nan", "NaN", "NA", "null"] {
            assert!(number(missing).is_some_and(f64::is_nan), "{missing}");
        }
        for junk in ["x", "1,5", "12:30", "1 2", "0x1"] {
            assert_eq!(number(junk), None, "{junk}");
        }
    }

    #[test]
    fn text_is_filled_up_or_refused() {
        let mut out = Vec::new();
        assert!(push_text("idle", 8, &mut out));
        assert_eq!(out, b"idle\0\0\0\0");
        assert!(!push_text("überlang", 8, &mut out));
        assert_eq!(out.len(), 8);
    }

    #[test]
    fn errors_show_a_short_cell() {
        assert_eq!(shown(b"a\"b\n"), r#""a\"b\n""#);
        assert!(shown(&[b'x'; 100_000]).len() < 60);
        assert!(shown(&[0xff; 1000]).contains('…'));
    }
}
