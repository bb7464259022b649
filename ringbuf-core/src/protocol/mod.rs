//! The ring's protocol: the code that ships and the code that loom checks, one text.
//!
//! ```text
//!        oldest = claimed - C                 published        claimed
//!             │                                   │               │
//!  ───────────┼───────────────────────────────────┼───────────────┼──────► sequence
//!   overwritten│      readable                     │ being written │ not yet
//!              └── gate of the slowest lossless reader ≥ oldest ───┘
//! ```
//!
//! | step | who, where | operation |
//! | --- | --- | --- |
//! | P1 | [`Writer::try_claim`] | `claimed := max(claimed, t+n)`, Relaxed |
//! | P2 | | `fence(Release)` |
//! | P3 | [`Writer::write`] | payload words, Relaxed |
//! | P4 | [`Writer::commit`] | `published := t+k`, Release |
//! | R1 | [`Follower`] | `published`, Relaxed, then `fence(Acquire)` |
//! | R3 | | payload words, Relaxed |
//! | R4 | | `fence(Acquire)` |
//! | R5 | | `claimed`, Relaxed; what is older than `claimed - C` is not delivered |
//!
//! **No torn record is delivered.** *Not older than asked for*: R1 reads a publication of at least i+1, so
//! P4 synchronizes with R1's fence and the words of record i are visible; coherence forbids anything
//! older. *Not newer*: if a load of R3 returned a word of record j ≥ i + C, then P2 of that claim
//! synchronizes with R4 through that word, so its P1 (`claimed` ≥ j+1) happens before R5, and R5 sees
//! `claimed` ≥ i + C + 1: record i is dropped and counted as missed. The cache line plays no part in this:
//! sharing one is speed, not order. A release *store* of `claimed` in place of P1, P2 would not order the
//! payload stores behind it.
//!
//! **Every index is loaded Relaxed with an acquire fence behind it**, because readers map the file
//! read-only, and only relaxed loads are promised to work there.
//!
//! A lossless reader's gate, its joining and its release are argued in [`gate`] and in [`Writer`]; sleeping
//! in [`wake`]; the epochs in [`state`]; the ledger in [`ledger`]. Bracketed labels in comments (`[P1]`)
//! are the names by which the mutants of `loom-tests` break each of them: `docs/MODELS.md` has a table of every
//! atomic operation with its partner and the model that fails without it, and an operation that is missing
//! there fails `ci/mutants.sh`.

mod follower;
#[cfg(all(test, not(loom)))]
mod frame_tests;
pub mod frames;
pub mod gate;
mod join;
pub mod keep;
mod ledger;
#[cfg(all(test, not(loom)))]
mod race_tests;
pub mod state;
#[cfg(all(test, not(loom)))]
mod storm_tests;
#[cfg(all(test, not(loom)))]
mod tests;
pub mod wake;
mod writer;

pub use follower::{
    Fault, Follower, News, Run, Where, evict, latest, leave, notify_producer, published, stamp,
};
pub use join::{Begin, epoch_at};
pub use ledger::{Ledger, observe};
pub use writer::{Full, Writer, notify, remove};
