//! Readers that are stopped, not dead: the producer waits for a lossless one, however long.

use std::thread;
use std::time::Duration;

use ringbuf_core::{Producer, Retain, inspect};

use crate::checked::Checked;
use crate::support::process::start;
use crate::support::system::{CONTINUE, STOP};
use crate::support::{Rings, eventually, limit};

#[test]
fn a_stopped_lossless_reader_holds_the_producer_until_it_goes_on() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("stops");
    let mut producer = Producer::<Checked>::create(&ring, Retain::records(64)).unwrap();
    let reader = start("checked reader", &[&ring, "lossless", "0"]);
    reader.says("attached");
    let published = || inspect::info(&ring).unwrap().published;
    let total = 200_000;
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..total {
                producer.publish(&Checked::of(i)).unwrap();
            }
            producer.close();
        });
        eventually("it runs", || published() > 1000);
        for _ in 0..3 {
            reader.signal(STOP);
            let mut last = 0;
            eventually("the producer stands still", || {
                let before = std::mem::replace(&mut last, published());
                thread::sleep(Duration::from_millis(50));
                before == last
            });
            assert!(last < total, "it ended before it was stopped");
            // Far longer than any patience of the producer.
            thread::sleep(Duration::from_millis(200));
            assert_eq!(published(), last);
            let info = inspect::info(&ring).unwrap();
            let stopped = &info.readers.unwrap()[0];
            assert!(stopped.is_alive);
            // A ring behind by its gate; its ledger may be a batch ahead of that.
            let lag = stopped.lag.unwrap();
            assert!((48..=64).contains(&lag), "{lag}");
            reader.signal(CONTINUE);
            eventually("the producer goes on", || published() > last + 100);
        }
    });
    let said = reader.finish();
    assert_eq!(said, [total.to_string(), "0".to_owned()]);
}
