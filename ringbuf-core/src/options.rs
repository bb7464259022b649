//! What is chosen when a ring is created or attached.

use std::fmt;
use std::time::Duration;

use crate::protocol::gate::Waits;

/// How much a ring keeps.
///
/// ```
/// use std::time::Duration;
/// use ringbuf_core::Retain;
/// assert_eq!(Retain::records(10_000).count(), 10_000);
/// assert_eq!(Retain::lasting(Duration::from_secs(5), 10_000.0).count(), 50_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retain {
    records: u64,
}

impl Retain {
    /// The newest `count` records, honoured exactly.
    pub fn records(count: u64) -> Retain {
        Retain { records: count }
    }

    /// What is published in `time` at `rate` records a second: a promise that holds as long as the rate does; see
    /// [`Producer::kept`](crate::Producer::kept). A rate that is not a positive number gives no records, which no
    /// ring can be created with.
    pub fn lasting(time: Duration, rate: f64) -> Retain {
        let records = (time.as_secs_f64() * rate).ceil();
        Retain {
            // Saturates, and makes 0 of what is negative or not a number.
            records: records as u64,
        }
    }

    /// The number of records.
    pub fn count(self) -> u64 {
        self.records
    }
}

/// What a reader asks of the producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Delivery {
    /// The producer never waits. The reader gets copies, and is told exactly what it missed.
    #[default]
    Lossy,
    /// The producer waits at most this long, in each stall, while this reader is a full ring behind; then it goes
    /// on and demotes the reader to a lossy one, which is told so and may
    /// [join again](crate::Reader::rejoin). The reader gets copies.
    Bounded(Duration),
    /// The producer waits while this reader is a full ring behind. The reader reads in place and loses
    /// nothing while it lives. The newest record of a ring made for [latency](Preset::Latency) comes as a copy, and holds
    /// the producer like one in place.
    Lossless,
}

impl Delivery {
    /// The word for people, without the time of a bounded one, which [`Display`](fmt::Display) adds.
    pub fn name(self) -> &'static str {
        match self {
            Delivery::Lossy => "lossy",
            Delivery::Bounded(_) => "bounded",
            Delivery::Lossless => "lossless",
        }
    }

    /// The number in the files.
    pub(crate) fn code(self) -> u32 {
        match self {
            Delivery::Lossy => 1,
            Delivery::Lossless => 2,
            Delivery::Bounded(_) => 3,
        }
    }

    /// The bound in the files, 0 where there is none.
    pub(crate) fn bound_ns(self) -> u64 {
        match self {
            Delivery::Bounded(most) => u64::try_from(most.as_nanos()).unwrap_or(u64::MAX),
            Delivery::Lossy | Delivery::Lossless => 0,
        }
    }

    /// The same with a bound that the files can hold, 584 years at most.
    fn clamped(self) -> Delivery {
        match self {
            Delivery::Bounded(_) => Delivery::Bounded(Duration::from_nanos(self.bound_ns())),
            Delivery::Lossy | Delivery::Lossless => self,
        }
    }

    /// The delivery of the numbers in the files.
    pub(crate) fn from_code(code: u64, bound_ns: u64) -> Option<Delivery> {
        [
            Delivery::Lossy,
            Delivery::Bounded(Duration::from_nanos(bound_ns)),
            Delivery::Lossless,
        ]
        .into_iter()
        .find(|delivery| u64::from(delivery.code()) == code)
    }

    /// For whom a producer that allows this waits.
    pub(crate) fn waits(self) -> Waits {
        match self {
            Delivery::Lossy => Waits::Nobody,
            Delivery::Bounded(_) => Waits::Bounded,
            Delivery::Lossless => Waits::All,
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Bounded(most) => f.pad(&format!("bounded:{most:?}")),
            Delivery::Lossy | Delivery::Lossless => f.pad(self.name()),
        }
    }
}

/// What a producer does with a record for which a reader leaves no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits for the reader.
    #[default]
    Wait,
    /// It never waits: the record is dropped and counted, see
    /// [`Producer::refused`](crate::Producer::refused). No reader gets it, and it has no sequence.
    Drop,
}

impl WhenFull {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            WhenFull::Wait => "wait",
            WhenFull::Drop => "drop",
        }
    }

    /// The number in the files.
    pub(crate) fn code(self) -> u64 {
        match self {
            WhenFull::Wait => 0,
            WhenFull::Drop => 1,
        }
    }

    /// The choice of a number in the files.
    pub(crate) fn from_code(code: u64) -> Option<WhenFull> {
        [WhenFull::Wait, WhenFull::Drop]
            .into_iter()
            .find(|choice| choice.code() == code)
    }
}

/// What a new ring is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// Many records: nothing is done that one record does not need. A reader that waits for more
    /// ([`Reader::next`](crate::Reader::next)) in a stream, where a look brought more than one record, or one of a page
    /// or more, looks again after 2 µs at the earliest, and while a gigabyte a second comes, and it is less than 1.5 MiB
    /// behind, after 50 µs: that makes a fast stream several times faster. What else comes alone is read at once.
    #[default]
    Throughput,
    /// Single records, each as soon as possible: the newest one is mirrored beside the indices, where a
    /// waiting reader looks anyway, and readers never hold back. Records of more than 112 bytes are not mirrored, nor are
    /// those of a ring that is written [in place](CreateOptions::in_place): they are read as in a ring for throughput.
    Latency,
}

/// Who may register on a ring as a reader, to be listed, woken and waited for: who may write `NAME.readers`.
/// Registering is for those one trusts with the producer's life, reading is not; see `docs/SECURITY.md`.
///
/// ```
/// use ringbuf_core::{CreateOptions, Register};
/// let options = CreateOptions::default().register(Register::Group);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Register {
    /// The user who created the ring alone (0600).
    #[default]
    Owner,
    /// The group of the files, too (0660): that of the producer, or of a directory that hands its own on.
    Group,
    /// Every user of the system (0666).
    All,
}

/// How to create a ring.
///
/// ```
/// use ringbuf_core::{CreateOptions, Delivery, Preset};
///
/// let options = CreateOptions::default()
///     .preset(Preset::Latency)
///     .allow(Delivery::Lossy); // nobody may hold this producer up
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct CreateOptions {
    pub(crate) allow: Delivery,
    pub(crate) when_full: WhenFull,
    pub(crate) stamp: bool,
    pub(crate) in_place: bool,
    pub(crate) preset: Preset,
    pub(crate) mode: Option<u32>,
    pub(crate) register: Option<Register>,
    pub(crate) replace: bool,
}

impl Default for CreateOptions {
    fn default() -> Self {
        CreateOptions {
            allow: Delivery::Lossless,
            when_full: WhenFull::default(),
            stamp: false,
            in_place: false,
            preset: Preset::default(),
            mode: None,
            register: None,
            replace: false,
        }
    }
}

impl CreateOptions {
    /// The most demanding delivery a reader may ask for; by default every one. Others are refused when they
    /// attach, and nobody else can hold this producer up, whatever is written to `NAME.readers`.
    pub fn allow(mut self, most: Delivery) -> Self {
        self.allow = most.clamped();
        self
    }

    /// What to do with a record for which a reader leaves no room.
    pub fn when_full(mut self, choice: WhenFull) -> Self {
        self.when_full = choice;
        self
    }

    /// Notes for every record when it was published: one time on the monotonic clock, 8 bytes each, in a column
    /// of its own, and one look at the clock for each call that publishes. Without it readers cannot tell their
    /// lag in time, nor find a record by its time.
    pub fn stamp(mut self, stamp: bool) -> Self {
        self.stamp = stamp;
        self
    }

    /// Lets claims be written where they lie ([`Producer::claim_in_place`](crate::Producer::claim_in_place),
    /// [`Claim::slices_mut`](crate::Claim::slices_mut)): what a decoder or a device writes anyway is not copied once
    /// more.
    ///
    /// Then nobody may look at a record that the producer could be writing: only lossless readers attach, which need to
    /// [register](CreateOptions::register), and everybody who may is trusted with the records; see `docs/SECURITY.md`.
    /// [`CreateOptions::allow`] stays what it is, lossless: with another choice creating fails with
    /// [`CreateError::InPlace`](crate::CreateError::InPlace). Records may be published as in every other ring. Two things
    /// are different: [`Reader::latest`](crate::Reader::latest) sees only what its reader holds, and nothing is mirrored,
    /// so that a ring made for [latency](Preset::Latency) is read as one for throughput.
    ///
    /// ```
    /// use ringbuf_core::{AttachError, CreateOptions, Producer, ReaderOptions, Retain};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let mut producer = Producer::<u32>::heap_with(Retain::records(8), &options)?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let refused = producer.reader(ReaderOptions::lossy());
    /// assert!(matches!(refused, Err(AttachError::InPlace { .. })));
    ///
    /// let mut claim = producer.claim_in_place(2)?;
    /// for (i, record) in claim.records_mut().iter_mut().enumerate() {
    ///     *record = 7 + i as u32;
    /// }
    /// claim.commit();
    /// assert_eq!(reader.poll()?.unwrap().records(), [7, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_place(mut self, in_place: bool) -> Self {
        self.in_place = in_place;
        self
    }

    /// What the ring is made for.
    pub fn preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    /// The permission bits of `NAME.ring`: who may read, as a lossy reader at least. 0600, 0604, 0640 or 0644;
    /// without it, as much as [`CreateOptions::register`] needs: 0600, 0640 or 0644. The umask does not matter.
    ///
    /// A ring that is continued gets these bits too, and keeps its own without this choice and that one. A ring
    /// on the heap has no files.
    ///
    /// ```
    /// use ringbuf_core::{CreateError, CreateOptions, Producer, Retain};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let ring = directory.path().join("imu.ring").display().to_string();
    /// let observed = CreateOptions::default().mode(0o644); // everybody may look, nobody can disturb
    /// let producer = Producer::<u64>::create_with(&ring, Retain::records(100), &observed)?;
    /// # producer.close();
    ///
    /// let shared = CreateOptions::default().mode(0o666); // everybody could forge records
    /// let refused = Producer::<u64>::create_with(&ring, Retain::records(100), &shared);
    /// assert!(matches!(refused, Err(CreateError::Mode { found: 0o666, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mode(mut self, bits: u32) -> Self {
        self.mode = Some(bits);
        self
    }

    /// Who may register; by default the user who creates the ring. Registering needs reading, so that
    /// [`CreateOptions::mode`], if it is chosen as well, must let the same users read.
    ///
    /// A ring that is continued is changed accordingly, and left as it is without this choice.
    ///
    /// ```
    /// use ringbuf_core::{CreateOptions, Register};
    ///
    /// // The group may register, everybody may look.
    /// let options = CreateOptions::default().register(Register::Group).mode(0o644);
    /// # let _ = options;
    /// ```
    pub fn register(mut self, who: Register) -> Self {
        self.register = Some(who);
        self
    }

    /// Takes a ring of this name whose producer is gone away and makes a new one, even if it would fit.
    /// Its readers are told that it was replaced.
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }
}

/// How a reader waits for the next record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Looks again and again: the lowest latency, a whole core.
    Spin,
    /// Looks again and lets others run in between: for more readers than cores.
    Yield,
    /// Looks, lets others run for at most 50 µs, and less if that was in vain before, then sleeps until the producer
    /// wakes it. Where the system can do it (Linux 4.16), who falls asleep issues the memory barrier that the producer
    /// would need at each publication, which costs some microseconds a sleep.
    #[default]
    Sleep,
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// With the next record to be published.
    #[default]
    Now,
    /// With the oldest record that is still kept.
    Oldest,
    /// With the record of this sequence, to go on where another reader has stopped: what is not kept any more
    /// counts as missed. It must have been published, or be the next to be.
    Sequence(u64),
    /// With the newest so many records, or as many of them as are kept.
    Last(u64),
    /// With what was published in so much time before the newest record, or as much of it as is kept. Needs
    /// publication times ([`CreateOptions::stamp`]).
    LastFor(Duration),
    /// With the first record published at this wall time or later, nanoseconds since the Unix epoch, or with the
    /// oldest that is kept ([`Reader::begins_late`](crate::Reader::begins_late)). It must have come. Needs publication
    /// times.
    At(i64),
}

/// Where a reader ends before the stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// In front of the record of this sequence.
    Sequence(u64),
    /// In front of the first record published at this wall time or later, nanoseconds since the Unix epoch. Needs
    /// publication times ([`CreateOptions::stamp`]).
    At(i64),
}

/// How to attach.
///
/// ```
/// use std::time::Duration;
/// use ringbuf_core::{ReaderOptions, Start};
///
/// let options = ReaderOptions::lossless().named("fft").from_oldest();
/// let options = ReaderOptions::bounded(Duration::from_millis(50)).start(Start::Last(100));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    pub(crate) delivery: Delivery,
    pub(crate) name: Option<String>,
    pub(crate) start: Start,
    pub(crate) until: Option<Until>,
    pub(crate) unverified: bool,
    pub(crate) wait: Wait,
}

impl ReaderOptions {
    /// Whoever is too slow misses records, and is told which.
    pub fn lossy() -> ReaderOptions {
        ReaderOptions::default()
    }

    /// Nothing is lost; the producer waits if need be. Records are read where they lie: that takes trust in everybody
    /// who may write one of the two files, see `docs/SECURITY.md`.
    pub fn lossless() -> ReaderOptions {
        ReaderOptions {
            delivery: Delivery::Lossless,
            ..ReaderOptions::default()
        }
    }

    /// As lossless, but the producer waits at most `most` in each stall; see [`Delivery::Bounded`].
    pub fn bounded(most: Duration) -> ReaderOptions {
        ReaderOptions {
            delivery: Delivery::Bounded(most).clamped(),
            ..ReaderOptions::default()
        }
    }

    /// The name that tools show; the first 64 bytes count. By default that of the program.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Begins with the oldest record that is kept. A lossless or bounded reader that joins while the producer runs
    /// may begin later, by up to an eighth of the ring or what a claim would overwrite for which there was no room;
    /// that is not counted as missed: it had not joined yet.
    pub fn from_oldest(self) -> Self {
        self.start(Start::Oldest)
    }

    /// Begins with the next record to be published; the default.
    pub fn from_now(self) -> Self {
        self.start(Start::Now)
    }

    /// Begins where `start` says.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Ends there, as if the ring had been closed; with [`ReaderOptions::start`] it reads a span. Once it has ended
    /// it holds nobody any more.
    pub fn until(mut self, until: Until) -> Self {
        self.until = Some(until);
        self
    }

    /// Also reads a ring on a disk whose end was not written in order: the system stopped while a producer had it,
    /// or before its last records were on the disk. Records may be damaged or of different times.
    pub fn unverified(mut self) -> Self {
        self.unverified = true;
        self
    }

    /// How to wait for the next record.
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }
}
