//! What readers do until they die.

use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::{Event, HeldFrames, Next, ReaderOptions, Start, Until, deaths};

use super::Order;
use super::order::done;
use crate::account::{Account, History};
use crate::ends::Follow;
use crate::kinds::{FrameKind, Kind};
use crate::support::HANGS;

/// Where it dies with a batch in its hand.
pub const IN_HAND: &str = file!();
/// The name of a reader that dies.
pub const NAME: &str = "victim";

/// `lossy`, `lossless` or `bounded`; `now`, `oldest` or a sequence.
fn options(order: &Order) -> ReaderOptions {
    let options = match order.more[0].as_str() {
        "lossy" => ReaderOptions::lossy(),
        "lossless" => ReaderOptions::lossless(),
        _ => ReaderOptions::bounded(HANGS),
    };
    options.named(NAME).start(match order.more[1].as_str() {
        "now" => Start::Now,
        "oldest" => Start::Oldest,
        sequence => Start::Sequence(sequence.parse().unwrap()),
    })
}

/// How far to read.
fn end(order: &Order) -> u64 {
    order.more[2].parse().unwrap()
}

struct Follower<K: Kind> {
    reader: K::Reader,
    account: Account<K>,
}

impl<K: Kind> Follower<K> {
    fn attach(order: &Order, options: ReaderOptions) -> Follower<K> {
        let reader = K::attach(&order.ring, options).unwrap();
        let account = Account::of(&reader.ledger(), &History::new());
        done(reader.cursor());
        Follower { reader, account }
    }

    /// Waits for the next batch; false at the end.
    fn step(&mut self) -> bool {
        let is_left = match self.reader.next_timeout(HANGS).unwrap() {
            Next::Batch(batch) => {
                self.account.take(&batch);
                // With the batch in its hand.
                deaths::step();
                true
            }
            Next::Closed => false,
            Next::TimedOut => panic!("nothing came"),
        };
        self.account.check(&self.reader.ledger());
        done(self.reader.cursor());
        is_left
    }
}

impl<K: FrameKind> Follower<K> {
    fn hold(&mut self, timeout: Duration) -> Option<HeldFrames> {
        let held = match self.reader.next_held(timeout).unwrap() {
            Next::Batch(held) => Some(held),
            Next::TimedOut => None,
            Next::Closed => panic!("closed"),
        };
        if let Some(held) = &held {
            self.account.take(held);
        }
        self.account.check(&self.reader.ledger());
        done(self.reader.cursor());
        deaths::step();
        held
    }
}

/// Reads, waiting, more than a lap, and leaves.
pub fn reading<K: Kind>(order: &Order) {
    order.arm();
    let mut follower = Follower::<K>::attach(order, options(order));
    while follower.reader.cursor() < end(order) {
        follower.step();
    }
}

/// The same with up to two batches that are held on their own, the newer of which is given back first.
pub fn holding<K: FrameKind>(order: &Order) {
    order.arm();
    let mut follower = Follower::<K>::attach(order, options(order));
    while follower.reader.cursor() < end(order) {
        let older = follower.hold(HANGS);
        // Nothing may come as long as the older one is held.
        let newer = follower.hold(Duration::ZERO);
        drop(newer);
        deaths::step();
        drop(older);
    }
}

/// The same without waiting.
pub fn looking<K: Kind>(order: &Order) {
    order.arm();
    let mut follower = Follower::<K>::attach(order, options(order));
    while follower.reader.cursor() < end(order) {
        let Follower { reader, account } = &mut follower;
        match reader.poll().unwrap() {
            Some(batch) => drop(account.take(&batch)),
            None => sleep(Duration::from_micros(100)),
        }
        done(reader.cursor());
    }
}

/// Ends by itself, with a record that is there: it never waits, so that every run takes the same steps.
pub fn until<K: Kind>(order: &Order) {
    order.arm();
    let options = options(order).until(Until::Sequence(end(order)));
    let mut follower = Follower::<K>::attach(order, options);
    while follower.step() {}
}

/// Holds the producer for too long, and joins again.
pub fn rejoining<K: Kind>(order: &Order) {
    order.arm();
    let options = ReaderOptions::bounded(Duration::from_millis(1))
        .named(NAME)
        .from_oldest();
    let mut follower = Follower::<K>::attach(order, options);
    follower.step();
    let Follower { reader, account } = &mut follower;
    // Only a producer that does not wait for it any more gets so far.
    while reader.lag() <= K::CAPACITY {
        sleep(Duration::from_millis(1));
    }
    loop {
        let batch = reader.poll().unwrap().unwrap();
        if account.take(&batch) == Some(Event::Demoted) {
            break;
        }
    }
    reader.rejoin().unwrap();
    while follower.reader.cursor() < end(order) {
        follower.step();
        if follower.reader.is_demoted() {
            follower.reader.rejoin().unwrap();
        }
    }
}
