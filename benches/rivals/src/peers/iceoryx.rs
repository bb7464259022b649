//! iceoryx2: publish and subscribe, one sample for each record, loaned and written in place.
//!
//! Lossless: no overflow, and the publisher retries until there is room. It has no batches. Who sleeps is woken by
//! its event service, as its documentation recommends.

use anyhow::{Context, Result};
use benches::record::{Check, fill_uninit};
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::{event, publish_subscribe};

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub struct Iceoryx2;

pub type Node = iceoryx2::node::Node<ipc::Service>;

pub struct To<const W: usize> {
    publisher: Publisher<ipc::Service, [u64; W], ()>,
    notifier: Option<Notifier<ipc::Service>>,
    _node: Node,
}

pub struct From<const W: usize> {
    subscriber: Subscriber<ipc::Service, [u64; W], ()>,
    listener: Option<Listener<ipc::Service>>,
    _node: Node,
}

impl Peer for Iceoryx2 {
    const FACTS: Facts = Facts {
        name: "iceoryx2",
        between: Between::Processes,
        batch: 0,
        readers: usize::MAX,
        can: &[
            Can::PingPong,
            Can::Stream,
            Can::FanOutYield,
            Can::Alone,
            Can::Wake,
            Can::Crowd,
        ],
    };
    type Sender<const W: usize> = To<W>;
    type Receiver<const W: usize> = From<W>;

    fn sender<const W: usize>(link: &Link) -> Result<To<W>> {
        let node = node()?;
        let publisher = service(&node, link)?
            .publisher_builder()
            .max_loaned_samples(1)
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()?;
        let notifier = (link.waiting == Waiting::Block)
            .then(|| anyhow::Ok(events(&node, link)?.notifier_builder().create()?))
            .transpose()?;
        Ok(To {
            publisher,
            notifier,
            _node: node,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W>> {
        let node = node()?;
        let subscriber = service(&node, link)?.subscriber_builder().create()?;
        let listener = (link.waiting == Waiting::Block)
            .then(|| anyhow::Ok(events(&node, link)?.listener_builder().create()?))
            .transpose()?;
        Ok(From {
            subscriber,
            listener,
            _node: node,
        })
    }
}

pub fn node() -> Result<Node> {
    set_log_level(LogLevel::Error);
    Ok(NodeBuilder::new()
        .signal_handling_mode(SignalHandlingMode::Disabled)
        .create::<ipc::Service>()?)
}

pub fn name(link: &Link) -> Result<ServiceName> {
    let name = link.path().display().to_string();
    Ok(name.as_str().try_into()?)
}

fn service<const W: usize>(
    node: &Node,
    link: &Link,
) -> Result<publish_subscribe::PortFactory<ipc::Service, [u64; W], ()>> {
    let readers = link.readers.max(1);
    node.service_builder(&name(link)?)
        .publish_subscribe::<[u64; W]>()
        .max_publishers(1)
        .max_subscribers(readers)
        .max_nodes(readers + 2)
        .history_size(0)
        .subscriber_max_buffer_size(if link.idle_readers {
            16
        } else {
            link.capacity::<W>()
        })
        .subscriber_max_borrowed_samples(1)
        .enable_safe_overflow(link.idle_readers)
        .open_or_create()
        .context("the service")
}

fn events(node: &Node, link: &Link) -> Result<event::PortFactory<ipc::Service>> {
    let events = node.service_builder(&name(link)?).event();
    events.open_or_create().context("the event service")
}

impl<const W: usize> Sender<W> for To<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            let mut sample = self.publisher.loan_uninit()?;
            fill_uninit(std::slice::from_mut(sample.payload_mut()), sequence);
            // SAFETY: it was just filled.
            unsafe { sample.assume_init() }.send()?;
            if let Some(notifier) = &self.notifier {
                notifier.notify()?;
            }
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        if let Some(listener) = &self.listener {
            listener.blocking_wait(|_| {})?;
        }
        while let Some(sample) = self.subscriber.receive()? {
            check.take(std::slice::from_ref(sample.payload()));
        }
        Ok(())
    }
}
