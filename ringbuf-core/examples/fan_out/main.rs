//! One producer, several readers, a process each; every word of every record is checked.
//!
//! ```text
//! fan_out [--records N] [--readers N] [--capacity N] [--at-once N] [--lossy]
//!         [--slow-down MICROSECONDS] [--pause MICROSECONDS] [--wait spin|yield|sleep]
//! ```
//!
//! `--slow-down` makes every reader sleep after each batch, `--pause` the producer after each ring full.
//! Ends with 1 if any record was lost in silence, torn, out of order or delivered twice.

mod checked;
mod options;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use checked::{Checked, Tally};
use options::Options;
use ringbuf_core::{Producer, Reader, ReaderOptions, Retain, inspect};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == "read" => read(rest),
        _ => fan_out(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fan_out: {error}");
            ExitCode::from(2)
        }
    }
}

/// Starts the readers, publishes, and adds up what they say.
fn fan_out(arguments: &[String]) -> Result<bool> {
    let options = Options::parse(arguments)?;
    let name = format!("fan_out-{}", std::process::id());
    let retain = Retain::records(options.capacity);
    let mut producer = Producer::<Checked>::create(&name, retain)?;
    let mut readers = (0..options.readers)
        .map(|_| Process::start(&name, &options))
        .collect::<Result<Vec<_>>>()?;
    for reader in &mut readers {
        reader.line()?;
    }
    let begin = Instant::now();
    publish(&mut producer, &options)?;
    let elapsed = begin.elapsed();
    producer.close();

    println!(
        "{} records of {} bytes through a ring of {} in {:.3} s: {:.2} million a second",
        options.records,
        size_of::<Checked>(),
        options.capacity,
        elapsed.as_secs_f64(),
        options.records as f64 / elapsed.as_secs_f64() / 1e6,
    );
    println!("reader        read      missed  missed%     batches  misplaced  torn  adds up");
    let mut is_right = true;
    for (i, reader) in readers.iter_mut().enumerate() {
        is_right &= report(i, &reader.line()?, &options)?;
        reader.child.wait()?;
    }
    inspect::remove(&name)?;
    println!("{}", if is_right { "all right" } else { "FAULTS" });
    Ok(is_right)
}

fn publish(producer: &mut Producer<Checked>, options: &Options) -> Result<()> {
    let mut records = Vec::with_capacity(options.at_once);
    let mut next = 0;
    while next < options.records {
        let end = (next + options.at_once as u64).min(options.records);
        records.clear();
        records.extend((next..end).map(Checked::of));
        match &records[..] {
            [record] => _ = producer.publish(record)?,
            records => _ = producer.publish_slice(records)?,
        }
        if !options.pause.is_zero() && next / options.capacity != end / options.capacity {
            std::thread::sleep(options.pause);
        }
        next = end;
    }
    Ok(())
}

/// Prints a reader's account and says whether it is faultless and complete.
fn report(i: usize, line: &str, options: &Options) -> Result<bool> {
    let numbers = line
        .split(' ')
        .map(str::parse)
        .collect::<std::result::Result<Vec<u64>, _>>()?;
    let [read, missed, batches, misplaced, torn, adds_up] = numbers[..] else {
        return Err(format!("reader {i} said {line:?}").into());
    };
    let is_complete =
        adds_up == 1 && read + missed == options.records && (options.is_lossy || missed == 0);
    println!(
        "{i:6} {read:11} {missed:11} {:7.1}% {batches:11} {misplaced:10} {torn:5}  {}",
        missed as f64 / options.records as f64 * 100.0,
        if is_complete { "yes" } else { "NO" },
    );
    Ok(is_complete && misplaced == 0 && torn == 0)
}

/// A reader's process: says that it is there, reads to the end, says what it got.
fn read(arguments: &[String]) -> Result<bool> {
    let (name, rest) = arguments.split_first().ok_or("read what?")?;
    let options = Options::parse(rest)?;
    let attach = if options.is_lossy {
        ReaderOptions::lossy()
    } else {
        ReaderOptions::lossless()
    };
    let mut reader = Reader::<Checked>::attach(name, attach.wait(options.wait))?;
    say("ready")?;
    let mut tally = Tally::from(reader.cursor());
    while let Some(batch) = reader.next()? {
        tally.take(&batch);
        drop(batch);
        sleep(options.slow_down);
    }
    let ledger = reader.ledger();
    let adds_up = ledger.adds_up() && (ledger.read, ledger.missed) == (tally.read, tally.missed);
    say(&format!(
        "{} {} {} {} {} {}",
        tally.read,
        tally.missed,
        tally.batches,
        tally.misplaced,
        tally.torn,
        u64::from(adds_up)
    ))?;
    Ok(tally.is_faultless())
}

fn sleep(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
    }
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A reader in a process of its own.
struct Process {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(name: &str, options: &Options) -> Result<Process> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["read", name])
            .args(options.for_reader())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        Ok(Process {
            child,
            output: BufReader::new(output),
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a reader ended early".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
