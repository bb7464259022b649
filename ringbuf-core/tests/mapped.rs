//! One process, mapped files.
use ringbuf_core::*;

#[test]
fn smoke() {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join("imu.ring").to_string_lossy().into_owned();
    let mut p = Producer::<u64>::create(&name, Retain::records(5)).unwrap();
    assert!(matches!(
        Producer::<u64>::create(&name, Retain::records(5)),
        Err(CreateError::InUse { .. })
    ));
    let mut lossless = Reader::<u64>::attach(&name, ReaderOptions::lossless()).unwrap();
    let mut lossy = Reader::<u64>::attach(&name, ReaderOptions::lossy()).unwrap();
    let writer = std::thread::spawn(move || {
        for i in 0..1000u64 {
            p.publish(&i).unwrap();
        }
    });
    let mut n = 0;
    while let Some(b) = lossless.next().unwrap() {
        for &r in b.records() {
            assert_eq!(r, n);
            n += 1;
        }
    }
    assert_eq!(n, 1000);
    writer.join().unwrap();
    let mut seen = 0;
    while let Some(b) = lossy.next().unwrap() {
        seen += b.records().len() as u64 + b.missed();
    }
    assert_eq!(seen, 1000);
    println!("{:?} {:?}", inspect::info(&name), lossy.ledger());
    drop(lossless);
    drop(lossy);
    inspect::remove(&name).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
