//! Things of which a machine has several, found by the names that the kernel gives them.

use std::collections::HashSet;

/// Names of devices in the order of their fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Devices {
    names: Vec<Vec<u8>>,
    /// Where the next one is expected: the kernel mostly lists them in the same order.
    next: usize,
}

impl Devices {
    /// Of one kind, so many at most.
    pub(super) const MOST: usize = 64;

    /// The first of them, and how many there are.
    pub(super) fn first_of<'a>(names: impl Iterator<Item = &'a [u8]>) -> (Devices, usize) {
        let mut found: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        let count = found.len();
        found.truncate(Devices::MOST);
        let devices = Devices {
            names: found,
            next: 0,
        };
        (devices, count)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Which of them has this name.
    pub(super) fn find(&mut self, name: &[u8]) -> Option<usize> {
        let is_it = |place: &usize| self.names.get(*place).is_some_and(|known| known == name);
        let found = Some(self.next).filter(is_it);
        let found = found.or_else(|| self.names.iter().position(|known| known == name))?;
        self.next = found + 1;
        Some(found)
    }

    /// Their names, as parts of names of fields.
    pub(super) fn labels(&self) -> Vec<String> {
        distinct(self.names.iter().map(|name| label(name)))
    }
}

/// What is said when there are more than are measured.
pub(super) fn too_many(what: &str, count: usize, most: usize) -> Option<String> {
    (count > most).then(|| format!("{count} {what} were found: the first {most} are measured"))
}

/// A name as part of the name of a field: what is awkward to type, or worse on a terminal, becomes `_`.
pub(super) fn label(name: &[u8]) -> String {
    const LONGEST: usize = 64;
    let plain = |&byte: &u8| match byte {
        b'-' | b'.' => char::from(byte),
        _ if byte.is_ascii_alphanumeric() => char::from(byte),
        _ => '_',
    };
    let label: String = name.iter().take(LONGEST).map(plain).collect();
    match label.as_str() {
        "" => "unnamed".to_owned(),
        _ => label,
    }
}

/// Names of which none is another's: the second of a name gets a number.
pub(super) fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut own = |name: String| {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        let free = candidates.find(|candidate| seen.insert(candidate.clone()));
        free.unwrap_or(name)
    };
    names.map(&mut own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(names: &[&str]) -> (Devices, usize) {
        Devices::first_of(names.iter().map(|name| name.as_bytes()))
    }

    #[test]
    fn devices_are_found_in_any_order() {
        let (mut devices, count) = devices(&["eth0", "wlan0", "eth0.100"]);
        assert_eq!((count, devices.len()), (3, 3));
        let mut find = |name: &str| devices.find(name.as_bytes());
        let found = [
            "eth0", "wlan0", "eth0.100", "eth0", "eth0.100", "eth", "wlan0",
        ]
        .map(&mut find);
        let expected = [Some(0), Some(1), Some(2), Some(0), Some(2), None, Some(1)];
        assert_eq!(found, expected);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let names: Vec<String> = (0..1000).map(|n| format!("veth{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (mut devices, count) = devices(&names);
        assert_eq!((count, devices.len()), (1000, Devices::MOST));
        assert_eq!(devices.find(b"veth63"), Some(63));
        assert_eq!(devices.find(b"veth64"), None);
        let note = too_many("interfaces", count, Devices::MOST).expect("a note");
        assert_eq!(
            note,
            "1000 interfaces were found: the first 64 are measured"
        );
        assert_eq!(too_many("interfaces", 64, 64), None);
    }

    #[test]
    fn labels_are_plain_and_distinct() {
        let (devices, _) = devices(&["br-1.2", "a*b", "a[b", "\u{1b}[31m", "", "a_b_2", "ü"]);
        let labels = [
            "br-1.2", "a_b", "a_b_2", "__31m", "unnamed", "a_b_2_2", "__",
        ];
        assert_eq!(devices.labels(), labels);
        assert_eq!(label(&[b'x'; 300]).len(), 64);
    }
}
