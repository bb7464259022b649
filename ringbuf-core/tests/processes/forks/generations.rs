//! Children of children.

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{Reader, ReaderOptions};

use super::{Family, Fork, REFUSED, create, fork, publish_refusals, read_refusals};
use crate::support::process::{hear, say, start};
use crate::support::system::Process;
use crate::support::{Rings, limit};

/// A producer; its child, which attaches by itself; and the child of that, which uses what it got of both.
pub fn three_generations(arguments: &[String]) {
    let ring = &arguments[0];
    let mut producer = create(ring);
    producer.publish_slice(&[0, 1, 2]).unwrap();
    let child = match fork() {
        Fork::Parent(child) => child,
        Fork::Child(above) => {
            assert_eq!(publish_refusals(&mut producer), REFUSED);
            let options = ReaderOptions::lossless().from_oldest().named("child");
            let mut reader = Reader::<u64>::attach(ring, options).unwrap();
            let batch = reader.next().unwrap().unwrap();
            assert!(!batch.records().is_empty());
            match fork() {
                Fork::Parent(grandchild) => {
                    grandchild.leave_it_to_the_child();
                }
                Fork::Child(above) => {
                    assert!(batch.records().is_empty());
                    drop(batch);
                    let refusals = [publish_refusals(&mut producer), read_refusals(&mut reader)];
                    say(refusals.join(", "));
                    hear();
                    let options = ReaderOptions::lossy().from_oldest().named("grandchild");
                    let mut own = Reader::<u64>::attach(ring, options).unwrap();
                    // What it has now makes what it got no more its own.
                    say(format!(
                        "{:?} {} {}",
                        own.poll().unwrap().unwrap().records(),
                        publish_refusals(&mut producer),
                        read_refusals(&mut reader)
                    ));
                    hear();
                    drop(reader);
                    drop(producer);
                    let mut heir = create(ring);
                    say(heir.publish(&3).unwrap());
                    hear();
                    above.end();
                }
            }
            above.end();
        }
    };
    say(std::process::id());
    child.leave_it_to_the_child();
}

#[test]
fn grandchildren_have_what_they_make_themselves_and_nothing_else() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("generations");
    let role = start("three generations", &[&ring]);
    // Three processes, whose lines may come in any order.
    let said: Vec<String> = (0..4).map(|_| role.said()).collect();
    let refusals = format!("{REFUSED}, {REFUSED}");
    assert!(said.contains(&refusals), "{said:?}");
    let grandparent: u32 = said
        .iter()
        .find_map(|said| said.parse().ok())
        .expect("a number alone");
    let pairs: Vec<(u32, u32)> = said
        .iter()
        .filter_map(|said| {
            let (parent, child) = said.split_once(' ')?;
            Some((parent.parse().ok()?, child.parse().ok()?))
        })
        .collect();
    let (parent, grandchild) = pairs
        .into_iter()
        .find(|&(parent, _)| parent != grandparent)
        .expect("the child's line");
    let mut family = Family {
        parent: Process::of(parent),
        child: Process::of(grandchild),
        role,
    };
    let grandparent = Process::of(grandparent);

    let own = format!("[0, 1, 2] {REFUSED} {REFUSED}");
    assert_eq!(family.ask("attach"), own);
    let alive = || -> Vec<String> {
        let readers = inspect::info(&ring).unwrap().readers.unwrap();
        let mut readers: Vec<String> = readers
            .into_iter()
            .filter(|reader| reader.is_alive)
            .map(|reader| reader.name)
            .collect();
        readers.sort();
        readers
    };
    assert_eq!(alive(), ["child", "grandchild"]);
    assert_eq!(inspect::info(&ring).unwrap().producer, ProducerState::Live);
    grandparent.kill();
    assert_eq!(inspect::info(&ring).unwrap().producer, ProducerState::Died);
    assert_eq!(alive(), ["child", "grandchild"]);
    family.parent.kill();
    assert_eq!(alive(), ["grandchild"]);
    assert_eq!(family.ask("continue"), "3");
    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.producer, info.epoch), (ProducerState::Live, 2));
    assert_eq!(alive(), ["grandchild"]);
    family.child.kill();
    assert_eq!(inspect::info(&ring).unwrap().producer, ProducerState::Died);
    assert_eq!(alive(), [""; 0]);
}
