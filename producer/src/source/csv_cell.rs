//! One cell of a value column.

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &str) -> bool {
    cell.is_empty()
        || ["nan", "na", "n/a", "null", "none"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word))
}

/// Whether a cell is a number, or says that there is none.
pub(crate) fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.parse::<f64>().is_ok() || is_missing(cell)
}

/// Writes a cell as text that fills `out`, with NUL behind it; `None` if it does not fit.
pub(crate) fn write_text(cell: &str, out: &mut [u8]) -> Option<()> {
    let (text, rest) = out.split_at_mut_checked(cell.len())?;
    text.copy_from_slice(cell.as_bytes());
    rest.fill(0);
    Some(())
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
        for number in [
            "73.96732207",
            " 5.40E-05 ",
            "1",
            "",
            "  ",
            "nan",
            "NaN",
            "NA",
            "null",
        ] {
            assert!(is_number(number), "{number}");
        }
        for junk in ["x", "1,5", "12:30", "1 2", "0x1"] {
            assert!(!is_number(junk), "{junk}");
        }
    }

    #[test]
    fn text_is_filled_up_or_refused() {
        let mut out = [0xA5; 8];
        assert!(write_text("idle", &mut out).is_some());
        assert_eq!(&out, b"idle\0\0\0\0");
        assert!(write_text("überlang", &mut out).is_none());
        assert!(write_text("12345678", &mut out).is_some());
    }

    #[test]
    fn errors_show_a_short_cell() {
        assert_eq!(shown(b"a\"b\n"), r#""a\"b\n""#);
        assert!(shown(&[b'x'; 100_000]).len() < 60);
        assert!(shown(&[0xff; 1000]).contains('…'));
    }
}
