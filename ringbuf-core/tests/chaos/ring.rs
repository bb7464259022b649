//! A producer of any kind.

use ringbuf_core::{FrameProducer, Producer, Retain, UntypedProducer};

use crate::content::Item;
use crate::fault::{Verdict, fails};
use crate::producing::Order;

pub enum Ring<T: Item> {
    Typed(Producer<T>),
    Untyped(UntypedProducer),
    Frames(FrameProducer),
}

impl<T: Item> Ring<T> {
    pub fn create(order: &Order) -> Verdict<Ring<T>> {
        let retain = Retain::records(order.setting.capacity);
        let options = order.setting.options(order.replace);
        if let Some(frames) = &order.setting.frames {
            let retain = order.setting.retain(frames);
            let producer = FrameProducer::create_with(&order.ring, retain, &options);
            return Ok(Ring::Frames(producer.map_err(fails("create"))?));
        }
        Ok(match order.untyped {
            false => Ring::Typed(
                Producer::create_with(&order.ring, retain, &options).map_err(fails("create"))?,
            ),
            true => Ring::Untyped(
                UntypedProducer::create_with(&order.ring, T::schema(), retain, &options)
                    .map_err(fails("create"))?,
            ),
        })
    }

    pub fn published(&self) -> u64 {
        match self {
            Ring::Typed(producer) => producer.published(),
            Ring::Untyped(producer) => producer.published(),
            Ring::Frames(producer) => producer.published(),
        }
    }

    pub fn refused(&self) -> u64 {
        match self {
            Ring::Typed(producer) => producer.refused(),
            Ring::Untyped(producer) => producer.refused(),
            Ring::Frames(producer) => producer.refused(),
        }
    }

    pub fn close(self) {
        match self {
            Ring::Typed(producer) => producer.close(),
            Ring::Untyped(producer) => producer.close(),
            Ring::Frames(producer) => producer.close(),
        }
    }
}
