//! What waiting for a slow sensor costs: one reader asleep between records, in a process of its own.
//!
//! ```text
//! slow_sensor [HZ] [SECONDS]
//! ```

use std::error::Error;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use ringbuf_core::{Producer, Reader, ReaderOptions, Retain, inspect};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("read") => read(&arguments[1]),
        _ => sensor(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("slow_sensor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sensor(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let number = |i: usize, default: f64| arguments.get(i).map_or(Ok(default), |a| a.parse());
    let (hz, seconds) = (number(0, 1.0)?, number(1, 60.0)?);
    let name = format!("slow_sensor-{}", std::process::id());
    let mut producer = Producer::<f64>::create(&name, Retain::records(16))?;
    let mut reader = Command::new(std::env::current_exe()?)
        .args(["read", &name])
        .spawn()?;
    while producer.registered_readers() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let begin = Instant::now();
    for i in 1..=(hz * seconds) as u64 {
        let due = begin + Duration::from_secs_f64(i as f64 / hz);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        producer.publish(&(i as f64))?;
    }
    producer.close();
    reader.wait()?;
    inspect::remove(&name)?;
    Ok(())
}

fn read(name: &str) -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::<f64>::attach(name, ReaderOptions::lossy())?;
    let (begin, before) = (Instant::now(), processor_time()?);
    let mut records = 0;
    while let Some(batch) = reader.next()? {
        records += batch.records().len();
    }
    let (elapsed, spent) = (begin.elapsed(), processor_time()? - before);
    println!(
        "{records} records in {:.1} s took {:.3} ms of processor time: {:.3} ms a minute",
        elapsed.as_secs_f64(),
        spent.as_secs_f64() * 1e3,
        spent.as_secs_f64() * 1e3 * 60.0 / elapsed.as_secs_f64(),
    );
    Ok(())
}

/// What this process has used so far, to the nanosecond.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}
