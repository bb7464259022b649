//! The card of a registered reader: what tools show of it.

use crate::layout::{NAME_BYTES, Slot};
use crate::options::Delivery;
use crate::sync::Ordering;

/// Fills the card in, before the reader joins.
pub(crate) fn introduce(slot: &Slot, name: &str, delivery: Delivery, attached_ns: i64) {
    slot.pid
        .store(u64::from(std::process::id()), Ordering::Relaxed);
    slot.attached_ns
        .store(attached_ns.cast_unsigned(), Ordering::Relaxed);
    // Before the gate: who is in the way is asked for how long it may be.
    slot.bound_ns.store(delivery.bound_ns(), Ordering::Relaxed);
    let mut bytes = [0; NAME_BYTES];
    let name = cut(name, NAME_BYTES);
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    for (word, bytes) in slot.name.iter().zip(bytes.as_chunks::<8>().0) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
}

/// Says that the reader has joined.
pub(crate) fn announce(slot: &Slot, delivery: Delivery) {
    slot.delivery
        .store(u64::from(delivery.code()), Ordering::Release);
}

/// The name on the card; what is not printable is escaped, since others wrote it.
pub(crate) fn name(slot: &Slot) -> String {
    let bytes: Vec<u8> = slot
        .name
        .iter()
        .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
        .collect();
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
        .chars()
        .flat_map(|c| {
            let escaped: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            escaped
        })
        .collect()
}

/// At most `most` bytes of a text, whole characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_to_its_last_whole_character() {
        let slot = Slot::default();
        introduce(&slot, "fft", Delivery::Lossy, 0);
        assert_eq!(name(&slot), "fft");
        introduce(&slot, &"ä".repeat(40), Delivery::Lossy, 0);
        assert_eq!(name(&slot), "ä".repeat(32));
        introduce(&slot, &format!("x{}", "ä".repeat(40)), Delivery::Lossy, 0);
        assert_eq!(name(&slot), format!("x{}", "ä".repeat(31)));
        introduce(&slot, "a\u{1b}[2J", Delivery::Lossy, 0);
        assert_eq!(name(&slot), "a\\u{1b}[2J");
    }
}
