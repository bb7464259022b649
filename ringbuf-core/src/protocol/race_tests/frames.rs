//! Frames: what is overwritten of descriptors and of payloads, one claim says.

use std::{hint, thread};

use super::{SOON, open, open_for_nobody, race, ring};
use crate::layout::{DESCRIPTOR_BYTES, Geometry};
use crate::protocol::frames::{self, Arena, Basket, Choice, Span};
use crate::protocol::gate::Kind;
use crate::protocol::{Begin, Follower, News, Writer, published};
use crate::sync::Arc;

/// More than a lap of an arena, with a gap and a frame as long as all of it.
const LENGTHS: [u64; 5] = [40, 64, 0, 13, 128];
const FRAMES: u64 = LENGTHS.len() as u64;

fn geometry() -> Geometry {
    Geometry::frames(3, 128)
}

/// Bytes no two frames have in common.
fn payload(sequence: u64) -> Vec<u8> {
    (0..LENGTHS[sequence as usize])
        .map(|i| (sequence * 37 + i * 5 + 1) as u8)
        .collect()
}

/// Publishes them all, past bounded readers, and waits for the others.
fn publish(writer: &mut Writer, is_patient: bool) {
    let mut arena = Arena::of(writer.memory(), (0, 0)).unwrap();
    for sequence in 0..FRAMES {
        let bytes = payload(sequence);
        let want = arena.want(writer, bytes.len() as u64).unwrap();
        writer.prepare_frame(&arena, want);
        while writer.try_claim(want.count).is_err() {
            if is_patient {
                writer.wait_for_room(want.count, SOON).unwrap();
                continue;
            }
            let in_the_way: Vec<_> = writer.in_the_way(want.count).collect();
            in_the_way.into_iter().for_each(|gate| {
                writer.demote(gate);
            });
        }
        // The odd bytes first: in pieces, a word is stored more than once.
        let half = bytes.len() / 2;
        writer.write_payload(want, half, &bytes[half..]);
        writer.write_payload(want, 0, &bytes[..half]);
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        descriptor[..16].copy_from_slice(want.span.words().as_flattened());
        writer.write(sequence, &descriptor);
        writer.commit(1);
        arena.commit(want);
        writer.notify();
    }
}

/// All but every third, copied.
#[derive(Default)]
struct Wanted {
    frames: Vec<(u64, Span, Vec<u8>)>,
}

fn is_wanted(sequence: u64) -> bool {
    sequence % 3 != 2
}

impl Basket for Wanted {
    fn clear(&mut self) {
        self.frames.clear();
    }

    fn choose(&mut self, sequence: u64, _descriptor: &[u8], span: Span) -> Choice {
        if !is_wanted(sequence) {
            return Choice::Skip;
        }
        self.frames.push((sequence, span, Vec::new()));
        Choice::Take
    }

    fn room(&mut self, span: Span) -> &mut [u8] {
        let (.., bytes) = self.frames.last_mut().unwrap();
        bytes.resize(span.len as usize, 0);
        bytes
    }

    fn keep_from(&mut self, first: u64) -> u64 {
        self.frames.retain(|&(sequence, ..)| sequence >= first);
        self.frames.len() as u64
    }
}

/// Reads until everything is read or missed; returns how many frames.
fn follow(reader: &mut Follower, mut kind: Option<Kind>) -> u64 {
    let mut descriptors = [0; 3 * DESCRIPTOR_BYTES];
    let (mut wanted, mut read) = (Wanted::default(), 0);
    while reader.ledger().cursor < FRAMES {
        let news = match kind {
            None => reader.poll_frames(&mut descriptors, &mut [], &mut wanted),
            Some(Kind::Bounded) => {
                reader.poll_frames_bounded(&mut descriptors, &mut [], &mut wanted)
            }
            Some(Kind::Lossless) => reader.poll_frames_in_place(&mut descriptors, &mut wanted),
        };
        match news.unwrap() {
            News::Records(_) => {
                for (sequence, span, copied) in &wanted.frames {
                    assert!(is_wanted(*sequence));
                    let bytes = match kind {
                        Some(Kind::Lossless) => reader.held_payload(*span).unwrap().bytes(),
                        _ => copied,
                    };
                    assert_eq!(bytes, payload(*sequence), "frame {sequence} is torn");
                    read += 1;
                }
            }
            News::Nothing => reader.wait(SOON).unwrap(),
            News::Demoted => kind = None,
            _ => {}
        }
        reader.release();
        assert!(reader.ledger().adds_up());
        assert!(kind.is_none() || reader.ledger().missed == 0);
    }
    read
}

/// Room for one payload, and two that do nothing but write and copy it: most copies are being overwritten, and one word
/// says so, whether descriptors are overwritten as well or not.
#[test]
fn a_lossy_reader_is_lapped() {
    for capacity in [1, 8] {
        let memory = ring(Geometry::frames(capacity, 64));
        let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Now).unwrap();
        race(open_for_nobody(&memory), publish_laps, || {
            let mut descriptors = [0; DESCRIPTOR_BYTES];
            let mut all = All([0; 64]);
            while reader.ledger().cursor < LAPS {
                match reader.poll_frames(&mut descriptors, &mut [], &mut all) {
                    Ok(News::Records(run)) => assert_eq!(all.0, lap(run.first), "torn"),
                    _ => hint::spin_loop(),
                }
            }
        });
        let ledger = reader.ledger();
        assert_eq!(ledger.read + ledger.missed, LAPS);
    }
}

#[test]
fn who_looks_from_outside_sees_nothing_torn() {
    let memory = ring(Geometry::frames(8, 64));
    race(open_for_nobody(&memory), publish_laps, || {
        let (mut descriptor, mut bytes) = ([0; DESCRIPTOR_BYTES], Vec::new());
        loop {
            match frames::latest(&memory, &mut descriptor, &mut bytes) {
                Some(sequence) => assert_eq!(bytes, lap(sequence), "torn"),
                None => hint::spin_loop(),
            }
            if published(&memory.live().hot) == LAPS {
                break;
            }
        }
    });
}

const LAPS: u64 = 20;

fn lap(sequence: u64) -> [u8; 64] {
    [sequence as u8 + 1; 64]
}

fn publish_laps(writer: &mut Writer) {
    let mut arena = Arena::of(writer.memory(), (0, 0)).unwrap();
    for sequence in 0..LAPS {
        let want = arena.want(writer, 64).unwrap();
        writer.try_claim(want.count).unwrap();
        writer.write_payload(want, 0, &lap(sequence));
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        descriptor[..16].copy_from_slice(want.span.words().as_flattened());
        writer.write(sequence, &descriptor);
        writer.commit(1);
        arena.commit(want);
    }
}

/// Each of them, into the same bytes.
struct All([u8; 64]);

impl Basket for All {
    fn clear(&mut self) {}

    fn choose(&mut self, _sequence: u64, _descriptor: &[u8], _span: Span) -> Choice {
        Choice::Take
    }

    fn room(&mut self, _span: Span) -> &mut [u8] {
        &mut self.0
    }

    fn keep_from(&mut self, _first: u64) -> u64 {
        1
    }
}

#[test]
fn a_lossless_reader_holds_beside_a_lossy_one() {
    let memory = ring(geometry());
    let begin = Begin::Now;
    let mut lossy = Follower::join_lossy(Arc::clone(&memory), 0, begin).unwrap();
    let mut lossless =
        Follower::join_holding(Arc::clone(&memory), 1, Kind::Lossless, begin).unwrap();
    let mut writer = open(&memory);
    thread::scope(|scope| {
        scope.spawn(|| publish(&mut writer, true));
        scope.spawn(|| assert_eq!(follow(&mut lossless, Some(Kind::Lossless)), 4));
        follow(&mut lossy, None);
    });
    assert_eq!(lossless.ledger().skipped, 1);
}

#[test]
fn a_bounded_reader_is_demoted() {
    let memory = ring(geometry());
    let begin = Begin::Now;
    let mut reader = Follower::join_holding(Arc::clone(&memory), 0, Kind::Bounded, begin).unwrap();
    let read = race(
        open(&memory),
        |writer| publish(writer, false),
        || follow(&mut reader, Some(Kind::Bounded)),
    );
    assert_eq!(reader.ledger().read, read);
}
