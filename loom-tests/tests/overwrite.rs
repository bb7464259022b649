#![cfg(loom)]
//! smoke
use loom::thread;
use ringbuf_core::model::*;

fn geometry(capacity: u64) -> Geometry {
    Geometry { capacity, cells: capacity.next_power_of_two(), stride: 16, word: 8, mirror: false }
}

#[test]
fn smoke() {
    loom::model(|| {
        let memory = loom::sync::Arc::new(Memory::heap(geometry(2)));
        let mut w = Writer::open(memory.clone(), 0);
        let mut f = Follower::join_lossy(memory.clone(), 0, Start::Now).unwrap();
        let t = thread::spawn(move || {
            for i in 0..3u64 {
                let s = w.try_claim(1).unwrap();
                let mut b = [0u8; 16];
                b[..8].copy_from_slice(&i.to_ne_bytes());
                b[8..].copy_from_slice(&(i+100).to_ne_bytes());
                w.write(s, &b);
                w.commit(1);
            }
        });
        for _ in 0..2 {
            let mut b = [0u8; 32];
            match f.poll_copy(&mut b).unwrap() {
                News::Records(run) => {
                    for k in 0..run.count as usize {
                        let r = &b[run.offset + k*16..][..16];
                        let x = u64::from_ne_bytes(r[..8].try_into().unwrap());
                        assert_eq!(x, run.first + k as u64);
                        assert_eq!(u64::from_ne_bytes(r[8..].try_into().unwrap()), x + 100);
                    }
                }
                News::Nothing | News::Overrun => {}
                other => panic!("{other:?}"),
            }
            assert!(f.ledger().adds_up());
        }
        t.join().unwrap();
    });
}
