//! The frames of one batch: where a reader finds them again.

use std::fmt;

use super::header::FrameHeader;
use crate::cast;
use crate::protocol::frames::{Basket, Choice, Span};

/// A reader copies at most this many bytes at once, unless a single frame is longer: what stays in the first caches.
const COPIED: usize = 64 * 1024;

/// Which frames a reader wants.
pub(super) type Only = Box<dyn Fn(&FrameHeader) -> bool + Send>;

/// The frames of one batch.
pub(super) struct Taken {
    pub(super) entries: Vec<Entry>,
    only: Option<Only>,
    into: Into,
    /// Bytes of the payloads taken.
    pub(super) bytes: usize,
    most_bytes: usize,
    /// None at all counts as one.
    pub(super) most_frames: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) header: FrameHeader,
    pub(super) span: Span,
    /// Its place in the copies.
    pub(super) offset: usize,
}

/// Where payloads are copied to.
#[derive(Debug)]
enum Into {
    /// They are read where they lie.
    Nothing,
    /// One behind the other; words, so that they lie aligned.
    Words(Vec<u64>),
    /// A single one, into the caller's buffer.
    Caller(Vec<u8>),
}

impl Taken {
    /// For a reader in place, who holds at most so many bytes, or one frame.
    pub(super) fn in_place(most_bytes: usize) -> Taken {
        Taken::new(Into::Nothing, most_bytes)
    }

    /// For a reader that copies.
    pub(super) fn copying() -> Taken {
        Taken::new(Into::Words(Vec::new()), COPIED)
    }

    fn new(into: Into, most_bytes: usize) -> Taken {
        Taken {
            entries: Vec::new(),
            only: None,
            into,
            bytes: 0,
            most_bytes,
            most_frames: usize::MAX,
        }
    }

    pub(super) fn set_only(&mut self, only: Only) {
        self.only = Some(only);
    }

    pub(super) fn only(&self) -> Option<&Only> {
        self.only.as_ref()
    }

    /// As long as that lives, one frame at a time, copied into this buffer if it copies.
    pub(super) fn lend<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> Lending<'a> {
        let own = (!self.is_in_place())
            .then(|| std::mem::replace(&mut self.into, Into::Caller(std::mem::take(buffer))));
        Lending {
            own,
            most_frames: std::mem::replace(&mut self.most_frames, 1),
            buffer,
            taken: self,
        }
    }

    /// Bytes of a frame of this batch, on average.
    pub(super) fn size(&self) -> usize {
        self.bytes / self.entries.len().max(1)
    }

    pub(super) fn is_in_place(&self) -> bool {
        matches!(self.into, Into::Nothing)
    }

    /// The copies themselves; none where frames are read where they lie.
    pub(super) fn take_copies(&mut self) -> Vec<u64> {
        match &mut self.into {
            Into::Words(words) => std::mem::take(words),
            Into::Nothing | Into::Caller(_) => Vec::new(),
        }
    }

    /// The copied bytes of an entry; `None` where it is read where it lies.
    pub(super) fn copied(&self, entry: &Entry) -> Option<&[u8]> {
        match &self.into {
            Into::Nothing => None,
            Into::Words(words) => {
                Some(&cast::words_as_bytes_ref(words)[entry.offset..][..entry.header.len()])
            }
            Into::Caller(bytes) => Some(bytes),
        }
    }
}

/// The time for which a buffer is lent. The caller's own code runs meanwhile and may panic: what was lent goes back whatever
/// happens.
pub(super) struct Lending<'a> {
    pub(super) taken: &'a mut Taken,
    buffer: &'a mut Vec<u8>,
    /// What the buffer stands in for; `None` where nothing is copied.
    own: Option<Into>,
    most_frames: usize,
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        self.taken.most_frames = self.most_frames;
        if let Some(own) = self.own.take()
            && let Into::Caller(buffer) = std::mem::replace(&mut self.taken.into, own)
        {
            *self.buffer = buffer;
        }
    }
}

impl Basket for Taken {
    fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    fn most(&self) -> usize {
        match self.only {
            None => self.most_frames.max(1),
            // Nobody knows how many are passed over.
            Some(_) => usize::MAX,
        }
    }

    fn choose(&mut self, sequence: u64, descriptor: &[u8], span: Span) -> Choice {
        let header = FrameHeader::decode(sequence, descriptor);
        if self.only.as_ref().is_some_and(|only| !only(&header)) {
            return Choice::Skip;
        }
        let len = header.len();
        let is_full = self.entries.len() >= self.most_frames || self.bytes + len > self.most_bytes;
        if is_full && !self.entries.is_empty() {
            return Choice::Full;
        }
        self.entries.push(Entry {
            header,
            span,
            offset: self.bytes,
        });
        self.bytes += len.next_multiple_of(8);
        Choice::Take
    }

    fn room(&mut self, span: Span) -> &mut [u8] {
        let (len, end) = (span.len as usize, self.bytes);
        match &mut self.into {
            Into::Nothing => &mut [],
            Into::Words(words) => {
                if words.is_empty() {
                    // Memory that is zero as it comes need not be filled first.
                    *words = vec![0; end / 8];
                } else if words.len() * 8 < end {
                    words.resize(end / 8, 0);
                }
                &mut cast::words_as_bytes(words)[end - len.next_multiple_of(8)..][..len]
            }
            Into::Caller(bytes) => {
                bytes.resize(len, 0);
                bytes
            }
        }
    }

    fn keep_from(&mut self, sequence: u64) -> u64 {
        self.entries
            .retain(|entry| entry.header.sequence() >= sequence);
        self.entries.len() as u64
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken")
            .field("entries", &self.entries)
            .field("is_filtered", &self.only.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::DESCRIPTOR_BYTES;

    /// What was overwritten meanwhile is not handed out, and what is behind it stays where it was copied to.
    #[test]
    fn only_what_is_whole_is_kept() {
        let mut taken = Taken::copying();
        for sequence in 0..3 {
            let span = Span { start: 0, len: 9 };
            let mut descriptor = [0; DESCRIPTOR_BYTES];
            descriptor[..16].copy_from_slice(span.words().as_flattened());
            assert_eq!(taken.choose(sequence, &descriptor, span), Choice::Take);
            taken.room(span).fill(sequence as u8);
        }
        assert_eq!(taken.keep_from(1), 2);
        for (entry, sequence) in taken.entries.iter().zip(1..) {
            assert_eq!(entry.header.sequence(), sequence);
            assert_eq!(taken.copied(entry), Some(&[sequence as u8; 9][..]));
        }
        assert_eq!(taken.keep_from(3), 0);
    }
}
