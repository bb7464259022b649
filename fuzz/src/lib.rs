//! Input from strangers: files, texts and recordings, and what must hold whatever they are.
//!
//! Every target is a function of bytes that panics when something does not hold. libFuzzer looks for such bytes
//! (`ci/fuzz.sh --for 10m`); `cargo test -p ringbuf-fuzz` runs all that it once found interesting, and changes of that,
//! without it. `fuzz/README.md` says what the bytes mean.

mod analyses;
mod arguments;
mod csv;
mod frames;
mod home;
mod image;
mod memory;
mod ndjson;
mod raw;
mod records;
mod references;
pub mod replay;
mod ring;
mod schema;
mod times;

/// A target: what it is called, what must hold, and the most memory it may have at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of the directory of its corpus.
    pub name: &'static str,
    run: fn(&[u8]),
    /// Bytes of heap for an input of no length.
    most: usize,
    /// Bytes of heap more for every byte of input.
    per_byte: usize,
    /// How many times as long as most of them an input takes.
    pub cost: u64,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    target("attach", ring::attach, 4 << 20, 0),
    target("resume", ring::resume, 4 << 20, 0),
    target("inspect", ring::inspect, 4 << 20, 0),
    target("frames", frames::frames, 4 << 20, 0),
    target("schema", schema::schema, 32 << 20, 256),
    target("records", records::records, 32 << 20, 256),
    target("csv", csv::csv, 1 << 20, 256),
    target("ndjson", ndjson::ndjson, 1 << 20, 512),
    target("raw", raw::raw, 32 << 20, 256),
    Target {
        cost: 25,
        ..target("analyses", analyses::analyses, 64 << 20, 4096)
    },
    target("times", times::times, 1 << 16, 64),
    target("arguments", arguments::arguments, 1 << 20, 64),
    target("references", references::references, 1 << 16, 64),
];

const fn target(name: &'static str, run: fn(&[u8]), most: usize, per_byte: usize) -> Target {
    Target {
        name,
        run,
        most,
        per_byte,
        cost: 1,
    }
}

/// Runs the target of this name.
///
/// # Panics
///
/// Something does not hold, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    target.expect("a target").check(data);
}

impl Target {
    /// Runs it.
    ///
    /// # Panics
    ///
    /// Something does not hold.
    pub fn check(&self, data: &[u8]) {
        let ((), most) = memory::most_of(|| (self.run)(data));
        let allowed = self.most + self.per_byte * data.len();
        assert!(
            most <= allowed,
            "took {most} bytes of memory at once for {} bytes of input, expected at most {allowed}",
            data.len()
        );
    }
}

/// What every message for people must be: there, of a bearable length, and without anything a terminal obeys.
#[track_caller]
fn assert_is_message(text: &str) {
    assert!(!text.is_empty(), "an error without words");
    assert!(text.len() < 20_000, "{} bytes of error", text.len());
    let is_clean = |c: char| !c.is_control() || c == '\n';
    assert!(text.chars().all(is_clean), "control characters: {text:?}");
}
