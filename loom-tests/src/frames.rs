//! What models of frames share: a producer, a basket, and the checks that every delivery of frames must pass.

use loom::sync::Arc;
use ringbuf_core::model::frames::{Arena, Basket, Choice, Span, Want};
use ringbuf_core::model::{
    DESCRIPTOR_BYTES, Fault, Follower, Full, Geometry, Memory, News, Run, Where, Writer, is_dead,
};

use crate::harness::{LONG, Ways, demote_all, open, to_words};

/// A new ring for so many frames, with an arena of so many bytes.
pub fn frame_ring(frames: u64, arena: u64) -> Arc<Memory> {
    Arc::new(Memory::heap(Geometry::frames(frames, arena)).unwrap())
}

/// The same in which no bounded reader is ever demoted: what it copies is held as if borrowed.
pub fn frame_ring_without_demotions(frames: u64, arena: u64) -> Arc<Memory> {
    let memory = Memory::heap(Geometry::frames(frames, arena)).unwrap();
    Arc::new(memory.without_demotions())
}

/// The same, written in place.
pub fn frame_ring_in_place(frames: u64, arena: u64) -> Arc<Memory> {
    let geometry = Geometry::frames(frames, arena).in_place(true);
    Arc::new(Memory::heap(geometry).unwrap().without_demotions())
}

/// The words of a frame of so many bytes; each says whose it is, which of it, and of how many.
fn words_of(sequence: u64, len: u64, epoch: u64) -> impl Iterator<Item = u64> {
    let words = len / 8;
    (0..words).map(move |i| epoch << 56 | words << 48 | i << 32 | (sequence + 1))
}

/// Checks that these words are all of frame `sequence`, and of one epoch.
fn expect_frame(words: &[u64], sequence: u64, epoch: Option<u64>) {
    for (i, &word) in words.iter().enumerate() {
        let [number, of, count] = [
            word as u32,
            (word >> 32) as u16 as u32,
            (word >> 48) as u8 as u32,
        ];
        assert_eq!(
            u64::from(number),
            sequence + 1,
            "a word of another frame than {sequence}"
        );
        assert_eq!(
            (of as usize, count as usize),
            (i, words.len()),
            "frame {sequence} is torn"
        );
        let wrote = word >> 56;
        assert_eq!(wrote, words[0] >> 56, "frame {sequence} is torn");
        assert!(
            epoch.is_none_or(|epoch| epoch == wrote),
            "taken for another epoch's"
        );
    }
}

/// A producer of frames. Lengths are bytes.
#[derive(Debug)]
pub struct Frames {
    /// Of the descriptors.
    pub writer: Writer,
    arena: Arena,
}

impl Frames {
    /// Opens the ring as its producer.
    pub fn open(memory: &Arc<Memory>) -> Frames {
        let writer = open(memory);
        let claimed = writer.oldest() + memory.geometry().capacity;
        let arena = Arena::of(memory, (writer.published(), claimed));
        Frames {
            writer,
            arena: arena.expect("the newest frame lies where none can"),
        }
    }

    /// What a frame takes.
    pub fn want(&self, len: u64) -> Want {
        let want = self.arena.want(&self.writer, len);
        want.expect("longer than the arena")
    }

    /// Claims a frame; what was claimed before and is not committed is given up.
    pub fn try_claim(&mut self, len: u64) -> Result<Want, Full> {
        let want = self.want(len);
        self.writer.prepare_frame(&self.arena, want);
        self.writer.try_claim(want.count)?;
        Ok(want)
    }

    /// Writes the payload claimed.
    pub fn write(&self, want: Want, epoch: u64) {
        let words = words_of(self.writer.published(), want.span.len, epoch);
        let bytes: Vec<u8> = words.flat_map(u64::to_ne_bytes).collect();
        self.writer.write_payload(want, 0, &bytes);
    }

    /// The same where it lies.
    pub fn write_in_place(&mut self, want: Want, epoch: u64) {
        let words = words_of(self.writer.published(), want.span.len, epoch);
        let mut payload = self
            .writer
            .payload_in_place(want)
            .expect("what was claimed");
        assert!(is_dead() || payload.len() as u64 == want.span.len / 8);
        for (i, word) in words.enumerate().take(payload.len()) {
            payload.set(i, word);
        }
    }

    /// Publishes the frame claimed.
    pub fn commit(&mut self, want: Want) {
        let descriptor = want.span.words().concat();
        self.writer.write(self.writer.published(), &descriptor);
        self.writer.commit(1);
        self.arena.commit(want);
    }

    /// Claims, writes and commits; nobody is woken.
    pub fn try_publish(&mut self, len: u64) -> Result<(), Full> {
        self.try_publish_in(len, 1)
    }

    /// As [`Frames::try_publish`], with the epoch written into the words.
    pub fn try_publish_in(&mut self, len: u64, epoch: u64) -> Result<(), Full> {
        let want = self.try_claim(len)?;
        self.write(want, epoch);
        self.commit(want);
        Ok(())
    }

    /// As [`Frames::try_publish_in`], written where it lies.
    pub fn try_publish_in_place(&mut self, len: u64, epoch: u64) -> Result<(), Full> {
        let want = self.try_claim(len)?;
        self.write_in_place(want, epoch);
        self.commit(want);
        Ok(())
    }

    /// As [`Frames::try_publish`], where nobody can be in the way.
    pub fn publish(&mut self, len: u64) {
        self.try_publish(len).unwrap();
    }

    /// Publishes and wakes, sleeping until there is room.
    pub fn publish_waiting(&mut self, len: u64) {
        while self.try_publish(len).is_err() {
            let count = self.want(len).count;
            self.writer.wait_for_room(count, LONG).unwrap();
        }
        self.writer.notify();
    }

    /// An attempt at each of these; who finds no room is given up. Returns what is published then.
    pub fn attempts(&mut self, lengths: &[u64]) -> u64 {
        for &len in lengths {
            let _ = self.try_publish(len);
        }
        self.writer.published()
    }

    /// Publishes where only bounded readers can be in the way, demoting them, and returns how many that were.
    pub fn publish_past(&mut self, len: u64) -> u64 {
        let mut demotions = 0;
        while self.try_publish(len).is_err() {
            demotions += demote_all(&self.writer, self.want(len).count);
        }
        demotions
    }
}

/// The frames of one attempt.
#[derive(Debug)]
pub struct Taken {
    frames: Vec<(u64, Span, Vec<u8>)>,
    descriptors: usize,
    most: usize,
    only: fn(u64) -> bool,
}

impl Taken {
    /// Room for so many.
    pub fn new(most: usize) -> Taken {
        // What an attempt before has left in it.
        let left = (u64::MAX, Span { start: 0, len: 0 }, Vec::new());
        Taken {
            frames: vec![left],
            descriptors: most,
            most,
            only: |_| true,
        }
    }

    /// Looks at so many descriptors, though there may not be room for as many frames.
    pub fn out_of(self, descriptors: usize) -> Taken {
        Taken {
            descriptors,
            ..self
        }
    }

    /// Takes only these.
    pub fn only(self, only: fn(u64) -> bool) -> Taken {
        Taken { only, ..self }
    }

    pub(crate) fn spans(&self) -> Vec<(u64, Span)> {
        let frames = self.frames.iter();
        frames
            .map(|&(sequence, span, _)| (sequence, span))
            .collect()
    }

    fn buffer(&self) -> Vec<u8> {
        vec![0; self.descriptors * DESCRIPTOR_BYTES]
    }

    /// What was delivered are all frames of the run that are wanted, and no others, as they are described.
    fn check(&self, run: Run, descriptors: &[u8]) {
        let wanted = (run.first..run.first + run.count).filter(|&frame| (self.only)(frame));
        let taken = self.frames.iter().map(|frame| frame.0);
        assert!(taken.eq(wanted), "{self:?} of {run:?}");
        assert!((1..=self.most).contains(&self.frames.len()));
        for (sequence, span, _) in &self.frames {
            let at = run.offset() + (sequence - run.first) as usize * DESCRIPTOR_BYTES;
            assert_eq!(*span, Span::of(&descriptors[at..]), "another's descriptor");
        }
    }
}

impl Basket for Taken {
    fn clear(&mut self) {
        self.frames.clear();
    }

    fn choose(&mut self, sequence: u64, _: &[u8], span: Span) -> Choice {
        if !(self.only)(sequence) {
            return Choice::Skip;
        }
        if self.frames.len() == self.most {
            return Choice::Full;
        }
        self.frames.push((sequence, span, Vec::new()));
        Choice::Take
    }

    fn room(&mut self, span: Span) -> &mut [u8] {
        let (_, _, bytes) = self.frames.last_mut().expect("chosen before");
        bytes.resize(span.len as usize, 0);
        bytes
    }

    fn keep_from(&mut self, sequence: u64) -> u64 {
        self.frames.retain(|frame| frame.0 >= sequence);
        self.frames.len() as u64
    }
}

/// One attempt of a lossy reader with room for `most` frames; checks all it delivers and accounts.
pub fn poll_frames(follower: &mut Follower, most: usize) -> News {
    poll_into(follower, &mut Taken::new(most), None)
}

/// As [`poll_frames`], what is taken and of which epoch as given.
pub fn poll_into(follower: &mut Follower, taken: &mut Taken, epoch: Option<u64>) -> News {
    attempt(follower, taken, epoch, Follower::poll_frames)
}

/// One attempt of a bounded reader that was not told that it was demoted, as [`poll_into`]; what it is delivered
/// follows on what it got before.
pub fn copy_into(follower: &mut Follower, taken: &mut Taken, epoch: Option<u64>) -> News {
    let before = *follower.ledger();
    let news = attempt(follower, taken, epoch, Follower::poll_frames_bounded);
    assert_eq!(follower.ledger().missed, before.missed);
    assert_ne!(news, News::Overrun);
    news
}

fn attempt(
    follower: &mut Follower,
    taken: &mut Taken,
    epoch: Option<u64>,
    poll: impl FnOnce(&mut Follower, &mut [u8], &mut [u64], &mut Taken) -> Result<News, Fault>,
) -> News {
    let before = *follower.ledger();
    let mut descriptors = taken.buffer();
    let news = poll(follower, &mut descriptors, &mut [], taken).unwrap();
    let after = *follower.ledger();
    assert!(after.adds_up(), "{after:?}");
    let [read, skipped] = [after.read - before.read, after.skipped - before.skipped];
    match news {
        News::Records(run) => {
            assert_eq!(after.cursor, run.first + run.count);
            assert!(matches!(run.at, Where::Buffer(_)));
            taken.check(run, &descriptors);
            let frames = taken.frames.len() as u64;
            assert_eq!((read, skipped), (frames, run.count - frames));
            for (sequence, _, bytes) in &taken.frames {
                expect_frame(&to_words(bytes), *sequence, epoch);
            }
        }
        News::Skipped => {
            assert!(read == 0 && skipped > 0);
            let mut passed = after.cursor - skipped..after.cursor;
            assert!(
                passed.all(|frame| !(taken.only)(frame)),
                "passed over unasked"
            );
        }
        News::Overrun => assert_eq!((read, skipped), (0, 0)),
        _ => assert_eq!(after, before),
    }
    news
}

/// One attempt of a lossless reader, at most `most` frames; checks all it is handed, which it holds until the next
/// attempt.
pub fn take_frames(follower: &mut Follower, most: usize) -> News {
    take_into(follower, &mut Taken::new(most), None)
}

/// As [`take_frames`], what is taken and of which epoch as given.
pub fn take_into(follower: &mut Follower, taken: &mut Taken, epoch: Option<u64>) -> News {
    let missed = follower.ledger().missed;
    let mut descriptors = taken.buffer();
    let news = follower
        .poll_frames_in_place(&mut descriptors, taken)
        .unwrap();
    let ledger = *follower.ledger();
    assert!(ledger.adds_up() && ledger.missed == missed, "{ledger:?}");
    assert_eq!(follower.is_holding(), matches!(news, News::Records(_)));
    if let News::Records(run) = news {
        assert_eq!((run.first, run.at), (ledger.cursor, Where::Cells));
        taken.check(run, &descriptors);
        for &(sequence, span, _) in &taken.frames {
            let payload = follower.held_payload(span).expect("it was checked");
            let words = payload.words();
            assert_eq!(words.len() as u64, span.len / 8);
            expect_frame(&words, sequence, epoch);
        }
    }
    news
}

/// Checks the words of a frame that is held on its own.
pub(crate) fn expect_held(words: &[u64], sequence: u64, span: Span) {
    assert_eq!(words.len() as u64, span.len / 8);
    expect_frame(words, sequence, None);
}

/// Checks what `latest` returned of a frame, or a reader that holds it.
pub fn expect_copied(sequence: u64, descriptor: &[u8], payload: &[u8]) {
    assert_eq!(Span::of(descriptor).len, payload.len() as u64);
    expect_frame(&to_words(payload), sequence, None);
}

/// With the producer gone: a lossy reader gets all that is still kept, from the oldest on.
pub fn drain_frames(follower: &mut Follower, kept_from: u64, published: u64) {
    let expected = follower.ledger().cursor.max(kept_from);
    let missing = published - follower.ledger().cursor;
    if expected < published {
        let News::Records(run) = poll_frames(follower, missing as usize) else {
            panic!("a quiet ring kept {expected} but did not deliver it");
        };
        assert_eq!((run.first, run.count), (expected, published - expected));
    } else if missing > 0 {
        assert_eq!(poll_frames(follower, missing as usize), News::Overrun);
    }
    assert_eq!(poll_frames(follower, 1), News::Nothing);
    assert_eq!(follower.ledger().cursor, published);
}

/// With the producer gone: a lossless reader gets all the rest, and has missed nothing since it joined.
pub fn take_rest_of_frames(follower: &mut Follower, published: u64) {
    while let News::Records(run) = take_frames(follower, 2) {
        follower.release();
        assert_eq!(follower.ledger().cursor, run.first + run.count);
    }
    let ledger = follower.ledger();
    assert_eq!((ledger.cursor, ledger.missed), (published, 0));
    assert_eq!(ledger.read, published - ledger.joined);
}

/// How a bounded reader of frames reads.
pub const FRAMES: Ways = Ways {
    held: |follower, most, epoch| copy_into(follower, &mut Taken::new(most), epoch),
    demoted: |follower, most, epoch| poll_into(follower, &mut Taken::new(most), epoch),
    drain: drain_frames,
};
