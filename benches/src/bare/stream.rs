//! As many bytes as possible from one core to the other: a buffer that both know, two indices, and nothing else.
//! Records are made where they lie and checked where they lie, as those of the benchmarks are.
#![allow(unsafe_code)]

use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cores;
use crate::record::{self, Check};
use crate::shared::{LINE, Shared};

/// The size of most rings that are compared with it.
const BUFFER: usize = 4 << 20;
/// How long it runs: as long on a bad day as on a good one.
const TIME: Duration = Duration::from_millis(60);
/// Rounds through the buffer that go before, uncounted.
const WARM_UP: u64 = 4;
/// Rounds that count at least: on a busy machine the time may be over before there are any.
const LEAST: u64 = 4;
/// The most that is taken before it is given back.
const AT_ONCE: u64 = 1024;

type Record = [u64; 8];

/// GB/s when the index moves every `step` bytes, a power of two from 64 on; `None` on one core.
///
/// ```
/// if let Some(rate) = benches::bare::stream_gbps(4096) {
///     assert!(rate > 0.0);
/// }
/// ```
///
/// # Panics
///
/// A word arrives that was not sent.
pub fn stream_gbps(step: usize) -> Option<f64> {
    stream_through_gbps(BUFFER, step)
}

/// The same through a buffer of `bytes`, which `step` divides, instead of 4 MiB.
///
/// ```
/// if let Some(rate) = benches::bare::stream_through_gbps(1 << 20, 4096) {
///     assert!(rate > 0.0);
/// }
/// ```
///
/// # Panics
///
/// A word arrives that was not sent, or `step` does not divide `bytes`.
pub fn stream_through_gbps(bytes: usize, step: usize) -> Option<f64> {
    assert!(
        step >= size_of::<Record>() && step.is_power_of_two() && bytes.is_multiple_of(step),
        "steps of {step} bytes do not divide {bytes}"
    );
    cores::pair()?;
    let stream = Stream {
        memory: Shared::anonymous(bytes + 3 * LINE).ok()?,
        bytes,
        step: (step / size_of::<Record>()) as u64,
    };
    stream.end().store(u64::MAX, Ordering::Relaxed);
    let (records, elapsed) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            cores::pin(1);
            stream.read()
        });
        cores::on_first(|| stream.write());
        reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let bytes = records * size_of::<Record>() as u64;
    Some(bytes as f64 / elapsed.as_nanos() as f64)
}

struct Stream {
    memory: Shared,
    /// The size of the buffer.
    bytes: usize,
    /// Records between two moves of an index.
    step: u64,
}

impl Stream {
    /// Records that the buffer holds.
    fn records(&self) -> u64 {
        (self.bytes / size_of::<Record>()) as u64
    }

    fn written(&self) -> &AtomicU64 {
        self.memory.word(self.bytes / LINE)
    }

    fn taken(&self) -> &AtomicU64 {
        self.memory.word(self.bytes / LINE + 1)
    }

    /// All records, once they are written.
    fn end(&self) -> &AtomicU64 {
        self.memory.word(self.bytes / LINE + 2)
    }

    /// Where a record lies.
    fn place(&self, sequence: u64) -> *mut Record {
        let offset = (sequence % self.records()) as usize * size_of::<Record>();
        // SAFETY: less than the buffer, which the mapping has.
        unsafe { self.memory.line(0).add(offset) }.cast()
    }

    fn write(&self) {
        let begin = Instant::now();
        let records = self.records();
        let least = (WARM_UP + LEAST) * records;
        let (mut next, mut room) = (0, records);
        // A look at the clock now and then costs nothing.
        while next % 4096 != 0 || next < least || begin.elapsed() < TIME {
            while next + self.step > room {
                room = self.taken().load(Ordering::Acquire) + records;
            }
            // SAFETY: steps divide the buffer, so these lie in it, aligned, as words of any value. The reader has
            // given them back with the Release store that was just seen, or never had them.
            let step = unsafe { slice::from_raw_parts_mut(self.place(next), self.step as usize) };
            record::fill(step, next);
            next += self.step;
            self.written().store(next, Ordering::Release);
        }
        self.end().store(next, Ordering::Release);
    }

    /// The records that count, and the time they took.
    fn read(&self) -> (u64, Duration) {
        let records = self.records();
        let mut check = Check::default();
        let (mut begin, mut uncounted) = (Instant::now(), 0);
        while check.next() < self.end().load(Ordering::Relaxed) {
            let next = check.next();
            if uncounted == 0 && next >= WARM_UP * records {
                (begin, uncounted) = (Instant::now(), next);
            }
            let ready = self.written().load(Ordering::Acquire) - next;
            let count = ready.min(AT_ONCE).min(records - next % records);
            // SAFETY: in one piece in the buffer, aligned. The writer has finished them with the Release store that was
            // just seen, and does not touch them before they are given back below.
            check.take(unsafe { slice::from_raw_parts(self.place(next), count as usize) });
            self.taken().store(check.next(), Ordering::Release);
        }
        let elapsed = begin.elapsed();
        let verdict = check.verdict(self.end().load(Ordering::Relaxed));
        verdict.expect("what came through the bare stream");
        (check.next() - uncounted, elapsed)
    }
}
