//! Units written into a name, as spreadsheets do: `Gyroscope X (deg/s)`.

/// The name before the bracket and the unit inside it, when a name ends in `(...)` or `[...]`.
pub(crate) fn in_brackets(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_end();
    let (open, inner) = match name.as_bytes().last()? {
        b')' => ('(', name.strip_suffix(')')?),
        b']' => ('[', name.strip_suffix(']')?),
        _ => return None,
    };
    let (base, unit) = inner.rsplit_once(open)?;
    let unit = unit.trim();
    (!unit.is_empty() && !base.trim().is_empty()).then_some((base, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bracket_is_the_unit() {
        assert_eq!(
            in_brackets("Gyroscope X (deg/s)"),
            Some(("Gyroscope X ", "deg/s"))
        );
        assert_eq!(in_brackets("p [hPa] "), Some(("p ", "hPa")));
        assert_eq!(in_brackets("a (b) (µT)"), Some(("a (b) ", "µT")));
        for name in ["value", "(s)", "x ()", "x (s", "x s)", "", "x (m) y"] {
            assert_eq!(in_brackets(name), None, "{name}");
        }
    }
}
