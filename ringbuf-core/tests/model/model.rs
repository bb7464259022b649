//! Rings that had a name one after the other, and their readers: who is in whose way.

use crate::ops::{Kind, READERS};
use crate::reader::{Hold, Reader};
use crate::ring::Ring;
use crate::value::Row;

#[derive(Debug)]
pub struct Model {
    /// The last has the name, if any has.
    pub rings: Vec<Ring>,
    pub is_present: bool,
    pub readers: [Option<Reader>; READERS],
    /// They are gone, and what they handed out is not.
    pub gone: Vec<Reader>,
}

/// Those furthest behind, and how far.
#[derive(Debug, PartialEq, Eq)]
pub struct Blocked {
    pub names: Vec<String>,
    pub lag: u64,
}

impl Model {
    pub fn new(ring: Ring) -> Model {
        Model {
            rings: vec![ring],
            is_present: true,
            readers: Default::default(),
            gone: Vec::new(),
        }
    }

    pub fn ring(&self) -> &Ring {
        self.rings.last().expect("the first")
    }

    pub fn ring_mut(&mut self) -> &mut Ring {
        self.rings.last_mut().expect("the first")
    }

    /// The readers of the ring that has the name.
    pub fn registered(&self) -> impl Iterator<Item = &Reader> {
        let current = self.rings.len() - 1;
        let readers = self.readers.iter().flatten().chain(&self.gone);
        readers.filter(move |reader| reader.ring == current)
    }

    /// Whoever has this name, and be it gone.
    pub fn reader(&mut self, name: &str) -> Option<&mut Reader> {
        let readers = self.readers.iter_mut().flatten().chain(&mut self.gone);
        readers.into_iter().find(|reader| reader.name == name)
    }

    /// A reader goes: its slot stays taken for what it handed out.
    pub fn goes(&mut self, at: usize) {
        let reader = self.readers[at].take();
        self.gone
            .extend(reader.filter(|reader| !reader.held.is_empty()));
    }

    /// Of those who keep the producer from so many records: what they hold, and their kind and name.
    fn in_the_way(&self, count: u64) -> impl Iterator<Item = (u64, Kind, &str)> {
        let ring = self.ring();
        let end = ring.published + count;
        let held = |reader: &Reader| match reader.hold {
            Hold::From(held) => Some(held),
            Hold::Nothing | Hold::Lost => None,
        };
        self.registered()
            .filter_map(move |reader| Some((held(reader)?, reader.kind, &*reader.name)))
            .filter(move |(held, ..)| held + ring.setup.capacity < end)
    }

    /// Claims records that there is room for when those are demoted whose time is over.
    pub fn claim(&mut self, count: u64) -> Result<(), Blocked> {
        let over: Vec<String> = self
            .in_the_way(count)
            .filter(|&(_, kind, _)| kind == Kind::Brief)
            .map(|(_, _, name)| name.to_owned())
            .collect();
        for reader in self.readers.iter_mut().flatten() {
            if over.contains(&reader.name) {
                reader.hold = Hold::Lost;
            }
        }
        let capacity = self.ring().setup.capacity;
        let step = count.max(capacity / 8);
        let most = self.ring().published + step;
        let slowest = self.registered().filter_map(|reader| match reader.hold {
            Hold::From(held) => Some(held + capacity),
            Hold::Nothing | Hold::Lost => None,
        });
        let granted = slowest.min().unwrap_or(most).min(most);
        let blocked = self.blocked(count);
        let ring = self.ring_mut();
        ring.granted = ring.granted.max(granted);
        match blocked {
            Some(blocked) => Err(blocked),
            None => {
                ring.claim(count);
                Ok(())
            }
        }
    }

    fn blocked(&self, count: u64) -> Option<Blocked> {
        let furthest = self.in_the_way(count).map(|(held, ..)| held).min()?;
        let names = self
            .in_the_way(count)
            .filter(|&(held, ..)| held == furthest)
            .map(|(_, _, name)| name.to_owned());
        Some(Blocked {
            names: names.collect(),
            lag: self.ring().published - furthest,
        })
    }

    /// One record, and its sequence.
    pub fn publish(&mut self, row: Row) -> Result<u64, Blocked> {
        self.claim(1)?;
        let ring = self.ring_mut();
        let sequence = ring.published;
        ring.write(sequence, row);
        ring.commit(1);
        Ok(sequence)
    }

    /// As many as there is room for.
    pub fn publish_all(&mut self, rows: &[Row]) -> u64 {
        let published = rows.iter().take_while(|&&row| self.publish(row).is_ok());
        published.count() as u64
    }
}
