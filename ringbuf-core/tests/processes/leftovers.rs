//! What the dead leave behind is found and removed; nothing alive ever is.

use ringbuf_core::inspect::{self, Fate, ProducerState, Reach};
use ringbuf_core::{Producer, Reader, ReaderOptions, Retain};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit};

/// Creates rings in the directory given and stays until it is killed.
pub fn leaves_a_ring(arguments: &[String]) {
    let mut producers: Vec<Producer<u64>> = arguments
        .iter()
        .map(|reference| Producer::create(reference, Retain::records(5)).unwrap())
        .collect();
    for producer in &mut producers {
        producer.publish_slice(&[1, 2, 3]).unwrap();
    }
    say("created");
    hear();
}

/// Lists and sweeps `$RINGBUF_DIR`, saying what it sees.
pub fn sweeps(_arguments: &[String]) {
    for ring in inspect::list().unwrap() {
        let state = ring.info.map(|info| info.producer.name());
        say(format!("{} {}", ring.name, state.unwrap_or("damaged")));
    }
    for dry_run in [true, false] {
        let mut swept: Vec<String> = inspect::gc(Reach::Disk, dry_run)
            .unwrap()
            .into_iter()
            .map(|swept| {
                let name = swept
                    .path
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                format!("{name} {}", swept.result.map_or("left", Fate::name))
            })
            .collect();
        swept.sort();
        say(swept.join(", "));
    }
}

#[test]
fn only_rings_that_nobody_uses_are_swept() {
    let _limit = limit();
    let rings = Rings::new();
    let reference = |name: &str| rings.reference(name);
    let killed = start("leaves a ring", &[&reference("dead"), &reference("read")]);
    let living = start("leaves a ring", &[&reference("living")]);
    killed.says("created");
    living.says("created");
    let mut reader =
        Reader::<u64>::attach(&reference("read"), ReaderOptions::lossless().from_oldest()).unwrap();
    killed.kill();
    let closed = Producer::<u64>::create(&reference("closed"), Retain::records(5)).unwrap();
    closed.close();
    // What creators leave that die on the way.
    let half = format!(".half.{:032x}.ring.tmp", 77);
    std::fs::write(rings.file(&half), b"RING").unwrap();
    std::fs::copy(rings.file("closed.readers"), rings.file("lone.readers")).unwrap();
    std::fs::write(rings.file("notes.txt"), b"not ours").unwrap();

    let info = inspect::info(&reference("dead")).unwrap();
    assert_eq!((info.producer, info.published), (ProducerState::Died, 3));
    let said = start_in(&rings, "sweeps").finish();
    let swept =
        format!("{half} removed, closed.ring removed, dead.ring removed, lone.readers removed");
    let listed = ["closed closed", "dead died", "living live", "read died"];
    assert_eq!(said[..4], listed);
    // First what would be removed, then what was.
    assert_eq!(said[4..], [swept.as_str(), swept.as_str()]);
    assert_eq!(
        rings.names(),
        [
            "living.readers",
            "living.ring",
            "notes.txt",
            "read.readers",
            "read.ring"
        ]
    );

    // The reader of the dead producer's ring has lost nothing by it.
    let mut got = Vec::new();
    while let Some(batch) = reader.poll().unwrap() {
        got.extend_from_slice(batch.records());
    }
    assert_eq!(got, [1, 2, 3]);
    drop(reader);
    let said = start_in(&rings, "sweeps").finish();
    assert_eq!(said.last().unwrap(), "read.ring removed");
    drop(living);
}

fn start_in(rings: &Rings, role: &str) -> crate::support::process::Role {
    crate::support::process::start_with(role, &[], &[("RINGBUF_DIR", rings.path())])
}
