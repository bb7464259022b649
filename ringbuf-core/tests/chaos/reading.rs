//! The reader's role: attaches, checks all it gets, naps, and ends when the ring does.

use std::path::PathBuf;
use std::thread::{self, sleep};
use std::time::Duration;

use ringbuf_core::inspect::{self, RingInfo};
use ringbuf_core::{AttachError, ReadError, ReaderOptions};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::content::{Item, Key};
use crate::fault::{Verdict, ensure, fails};
use crate::kinds::{From, Pace, ReaderKind};
use crate::note::{Note, Read};
use crate::setting::{Frames, Hold, Setting, chance, with_item};
use crate::source::{How, Look, Source, attach};
use crate::support::process::{hear, say};
use crate::support::{Numbers, system};

/// Another user, who may read the ring and not register.
const OTHER: u32 = 65_534;

#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub setting: Setting,
    pub kind: ReaderKind,
    pub name: String,
    pub ring: String,
    pub note: PathBuf,
}

pub fn reader(arguments: &[String]) {
    system::end_with_parent();
    let order: Order = serde_json::from_str(&arguments[0]).unwrap();
    let note = Note::open(&order.note);
    if order.kind.observes {
        system::become_user(OTHER);
        system::end_with_parent();
    }
    say("begins");
    // Ends with the driver.
    thread::spawn(|| {
        loop {
            hear();
        }
    });
    let verdict = with_item!(order.setting.record, T => run::<T>(&order, &note));
    if let Err(fault) = verdict {
        say(format!("fault {fault}"));
    }
}

fn run<T: Item>(order: &Order, note: &Note) -> Verdict {
    let Some((mut source, info)) = join::<T>(order)? else {
        say("refused");
        return Ok(());
    };
    let ledger = source.ledger();
    let id = u128::from_be_bytes(info.ring_id);
    say(format!("joined {id:032x} {}", ledger.joined));
    ensure(source.is_observer() == order.kind.observes, || {
        format!("observes: {}", source.is_observer())
    })?;
    let key = Key::of(&info.ring_id);
    let mut follower = Follower {
        account: Account::of(key, &order.kind, order.setting.stamp, &ledger),
        numbers: Numbers::new(order.kind.seed),
        pace: order.kind.pace,
        joined: ledger.joined,
        note,
        order,
        attach: attach::<T>,
    };
    follower.note(&*source);
    let end = loop {
        match follower.turn(&mut *source)? {
            None => {}
            Some(end) => break end,
        }
    };
    let Account { read, missed, .. } = follower.account;
    follower.account.end_span();
    let cursor = source.ledger().cursor;
    say(format!("end {end} {cursor} {read} {missed}"));
    Ok(())
}

/// Attaches, waiting for a ring to be there; `None` if the ring does not allow it.
fn join<T: Item>(order: &Order) -> Verdict<Option<(Box<dyn Source>, RingInfo)>> {
    loop {
        // What ring it is can only be told from outside: it is the same before and after.
        let before = match inspect::info(&order.ring) {
            Ok(info) => info,
            Err(AttachError::NotFound { .. }) => {
                sleep(Duration::from_millis(2));
                continue;
            }
            Err(error) => return Err(format!("info: {error}")),
        };
        let start = order.kind.from.start(before.published);
        let options = order.kind.options(&order.name).start(start);
        let source = attach::<T>(&order.ring, options, (order.setting.frames, &order.kind));
        let after = match inspect::info(&order.ring) {
            Ok(info) if info.ring_id == before.ring_id => info,
            Ok(_) | Err(AttachError::NotFound { .. }) => continue,
            Err(error) => return Err(format!("info: {error}")),
        };
        let is_allowed = order.setting.lets_in(order.kind.hold);
        return match source {
            Err(AttachError::NotAllowed { .. } | AttachError::InPlace { .. }) if !is_allowed => {
                Ok(None)
            }
            Err(AttachError::NotFound { .. }) => continue,
            Err(error) => Err(format!("attach: {error}")),
            Ok(source) => {
                ensure(is_allowed, || "it is not allowed, and joined".to_owned())?;
                check_start(order, &*source, &before, &after)?;
                Ok(Some((source, before)))
            }
        };
    }
}

/// Whether it began where it wanted to, given what the ring held before and after.
fn check_start(order: &Order, source: &dyn Source, before: &RingInfo, after: &RingInfo) -> Verdict {
    let ledger = source.ledger();
    let joined = ledger.joined;
    let (least, most) = match order.kind.from {
        From::Now => (before.published, after.published),
        From::Oldest | From::LastFor(_) => (before.oldest, after.published),
        From::Last(count) => {
            let least = before.published.saturating_sub(count);
            (least.max(before.oldest), after.published)
        }
        From::Back(count) => {
            let exact = before.published.saturating_sub(count);
            (exact, exact)
        }
    };
    ensure((least..=most).contains(&joined) && ledger.adds_up(), || {
        format!(
            "began {:?} with {ledger:?}, expected between {least} and {most}",
            order.kind.from
        )
    })
}

struct Follower<'a> {
    account: Account,
    numbers: Numbers,
    pace: Pace,
    joined: u64,
    note: &'a Note,
    order: &'a Order,
    attach: Attach,
}

type Attach =
    fn(&str, ReaderOptions, (Option<Frames>, &ReaderKind)) -> Result<Box<dyn Source>, AttachError>;

impl Follower<'_> {
    /// One look at what is new; how it ended, if it did.
    fn turn(&mut self, source: &mut dyn Source) -> Verdict<Option<&'static str>> {
        let how = match self.numbers.below(8) {
            0 => How::Poll,
            1..3 => How::Timeout(Duration::from_millis(self.numbers.below(20))),
            _ => How::Next,
        };
        let holds = matches!(self.pace, Pace::Sleepy) && chance(&mut self.numbers, 20);
        let nap = Duration::from_micros(self.numbers.below(match holds {
            true => 30_000,
            false => 300,
        }));
        let mut verdict = Ok(());
        let account = &mut self.account;
        let look = source.look(how, &mut |seen| {
            verdict = account.take(&seen);
            if holds {
                sleep(nap);
            }
        });
        verdict?;
        let end = match look {
            Ok(Look::Closed) => Some("closed"),
            Ok(Look::Batch | Look::Nothing) => None,
            Err(ReadError::Removed) => Some("removed"),
            Err(ReadError::Replaced) => Some("replaced"),
            Err(error) => return Err(format!("at {}: {error}", self.account.next)),
        };
        self.account.check_ledger(&source.ledger())?;
        ensure(source.is_demoted() == self.account.is_demoted(), || {
            format!("demoted: {}, and was not told so", source.is_demoted())
        })?;
        if end.is_none() {
            self.rejoin_or_look(source)?;
            let is_new = self.account.has_new_epoch();
            if is_new || chance(&mut self.numbers, 100) {
                self.read_what_is_kept()?;
            }
        }
        self.note(source);
        if matches!(self.pace, Pace::Slow) {
            sleep(nap);
        }
        Ok(end)
    }

    fn rejoin_or_look(&mut self, source: &mut dyn Source) -> Verdict {
        if self.account.is_demoted() && chance(&mut self.numbers, 8) {
            source.rejoin().map_err(fails("rejoin"))?;
            self.account.rejoined(&source.ledger());
        }
        if chance(&mut self.numbers, 8)
            && let Some((sequence, mark, is_whole)) = source.latest().map_err(fails("latest"))?
        {
            self.account.check_latest(sequence, mark, is_whole)?;
        }
        Ok(())
    }

    /// Reads what the ring keeps through another reader, which leaves again.
    fn read_what_is_kept(&mut self) -> Verdict {
        let order = self.order;
        if !order.setting.lets_in(Hold::Lossy) {
            return Ok(());
        }
        let options = ReaderOptions::lossy().named("glance").from_oldest();
        let before = inspect::info(&order.ring);
        let kind = ReaderKind {
            hold: Hold::Lossy,
            ..order.kind.clone()
        };
        let source = (self.attach)(&order.ring, options, (order.setting.frames, &kind));
        let after = inspect::info(&order.ring);
        let (Ok(before), Ok(mut source), Ok(after)) = (before, source, after) else {
            // It was removed.
            return Ok(());
        };
        if before.ring_id != after.ring_id {
            return Ok(());
        }
        let key = Key::of(&before.ring_id);
        let ledger = source.ledger();
        let mut account = Account::of(key, &kind, order.setting.stamp, &ledger).quiet();
        for _ in 0..20 {
            let mut verdict = Ok(());
            let look = source.look(How::Poll, &mut |seen| verdict = account.take(&seen));
            verdict.map_err(|fault| format!("of what is kept: {fault}"))?;
            if !matches!(look, Ok(Look::Batch)) {
                break;
            }
            account.check_ledger(&source.ledger())?;
        }
        Ok(())
    }

    fn note(&self, source: &dyn Source) {
        let ledger = source.ledger();
        self.note.set_read(&Read {
            attached: 1,
            joined: self.joined,
            cursor: ledger.cursor,
            read: ledger.read,
            missed: ledger.missed,
            batches: self.account.batches,
        });
    }
}

/// Whether the ring's producer ever waits for such a reader.
pub fn holds(kind: &ReaderKind) -> bool {
    kind.hold != Hold::Lossy
}
