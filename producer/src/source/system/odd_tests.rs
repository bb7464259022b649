//! The meters over files that say anything at all.

use proptest::prelude::*;

use super::{
    tests::{GUEST, Machine, SECOND, sample},
    *,
};

/// What can be said of any value, however odd the files are.
fn assert_is_possible(name: &str, value: f64) {
    let is_share =
        name.starts_with("cpu") || name.starts_with("pressure") || name.ends_with("_busy");
    let most = if is_share { 100.0 } else { f64::MAX };
    let may_be_negative = name.starts_with("temp") || name.ends_with("_used");
    let least = if may_be_negative { f64::MIN } else { 0.0 };
    assert!(
        value.is_nan() || (least..=most).contains(&value),
        "{name}: {value}"
    );
}

/// A file with some of its bytes changed, left out or put in.
fn changed(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        Just(b'\n'),
        Just(b' '),
        b'0'..=b'9',
        Just(b'-'),
        Just(b':')
    ];
    let change = (
        any::<prop::sample::Index>(),
        0..6_usize,
        proptest::collection::vec(byte, 0..6),
    );
    proptest::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (place, gone, new) in changes {
            let from = place.index(bytes.len() + 1);
            let to = (from + gone).min(bytes.len());
            bytes.splice(from..to, new);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_may_say_anything_at_any_time(
        rounds in proptest::collection::vec(
            (0..3 * SECOND, proptest::collection::vec((0..GUEST.len()).prop_flat_map(|file| (Just(file), changed(GUEST[file].1))), 0..4)),
            2..6,
        ),
    ) {
        let machine = Machine::guest();
        let mut source: Option<SystemSource> = None;
        let mut now = 0;
        for (wait, files) in rounds {
            for (file, text) in files {
                machine.say(GUEST[file].0, text);
            }
            if source.is_none() {
                source = SystemSource::open(&machine.options()).ok();
            }
            now += wait;
            let Some(source) = &mut source else { continue };
            for (name, value) in sample(source, now) {
                assert_is_possible(&name, value);
            }
        }
    }

    #[test]
    fn files_may_hold_any_bytes(bytes: Vec<u8>) {
        let machine = Machine::empty();
        for (path, _) in GUEST {
            machine.say(path, &bytes);
        }
        machine.say("sys/class/hwmon/hwmon0/name", &bytes);
        machine.say("sys/class/hwmon/hwmon0/temp1_label", &bytes);
        machine.say("sys/class/hwmon/hwmon0/temp1_input", &bytes);
        let mut source = machine.open();
        for (name, value) in sample(&mut source, 0) {
            assert_is_possible(&name, value);
        }
    }
}
