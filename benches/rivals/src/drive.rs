//! The matrix: every peer once, then every peer again, each measurement a process of its own.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use benches::{rings, role};
use clap::Args;

use crate::measure::{Measurement, Reply};
use crate::peer;
use crate::report::{self, Results};
use crate::spec::{Filter, Work};

/// Nobody takes longer.
const LIMIT: Duration = Duration::from_secs(40);
/// Times that a measurement is tried in one pass until the cores are near before and after it.
const TRIES: u32 = 4;

/// Between two looks at where the cores are.
const PAUSE: Duration = Duration::from_secs(2);

/// What to run.
#[derive(Args, Debug)]
pub struct Plan {
    /// PEER/WORKLOAD or either, parts of names: `shaq/w2`, `w1`, `/w2-64B`. Everything by default.
    filters: Vec<Filter>,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    passes: u32,
    /// Once and briefly, wherever the cores are: to see that it works, not to compare.
    #[arg(long)]
    for_a_look: bool,
    /// Seconds of a run to wait, all in all, for the cores to come near each other.
    #[arg(long, default_value_t = 900)]
    patience: u64,
    /// Appends every measurement to this file, a JSON object a line.
    #[arg(long)]
    raw: Option<PathBuf>,
    /// Writes the tables to `benches/runs/DATE-rivals.md`, too.
    #[arg(long)]
    save: bool,
}

/// Runs the plan and prints the tables.
pub fn run(plan: &Plan) -> Result<()> {
    let lock = std::env::var("RIVALS_LOCK").unwrap_or_default();
    let peers = peer::all();
    let cells: Vec<(&'static str, Work)> = Work::all()
        .into_iter()
        .flat_map(|work| peers.iter().map(move |facts| (facts, work)))
        .filter(|(facts, work)| work.suits(facts))
        .map(|(facts, work)| (facts.name, work))
        .filter(|(peer, work)| {
            plan.filters.is_empty() || plan.filters.iter().any(|filter| filter.suits(peer, *work))
        })
        .collect();
    if cells.is_empty() {
        bail!("no peer and workload fit; see `rivals list`");
    }
    let passes = if plan.for_a_look { 1 } else { plan.passes };
    let millis = if plan.for_a_look { 100 } else { 600 };
    let mut results = Results::new(plan.for_a_look);
    let mut failures: HashMap<(&str, String), u32> = HashMap::new();
    let mut patience = Duration::from_secs(if plan.for_a_look { 0 } else { plan.patience });
    for pass in 1..=passes {
        for (number, &(peer, work)) in cells.iter().enumerate() {
            let at = number + 1;
            eprint!(
                "\rpass {pass}/{passes}, {at}/{}: {peer} {work}\x1b[K",
                cells.len()
            );
            let mut tries = if plan.for_a_look { 1 } else { TRIES };
            // What fails twice is reported, not tried for ever.
            while tries > 0
                && failures
                    .get(&(peer, work.to_string()))
                    .is_none_or(|&times| times < 2)
            {
                let near = work.is_between_cores() && !plan.for_a_look && patience > Duration::ZERO;
                match measure(&lock, peer, work, millis, near) {
                    Ok(Reply::Elsewhere { line_ns }) => {
                        eprint!("\rthe cores are at {line_ns:.0} ns, not near: waiting\x1b[K");
                        std::thread::sleep(PAUSE);
                        patience = patience.saturating_sub(PAUSE);
                    }
                    Ok(Reply::Measured(measurement)) => {
                        tries -= 1;
                        keep(plan, &measurement)?;
                        if results.add(work, *measurement) {
                            break;
                        }
                    }
                    Err(error) => {
                        tries -= 1;
                        eprintln!("\n{peer} {work}: {error:#}");
                        *failures.entry((peer, work.to_string())).or_default() += 1;
                        results.fail(peer, work, format!("{error:#}"));
                    }
                }
            }
        }
    }
    eprintln!();
    let tables = report::render(&results, &peers, &command());
    print!("{tables}");
    if plan.save {
        let day = jiff::Zoned::now().date();
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../runs/{day}-rivals.md"));
        std::fs::write(&path, tables).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Prints the tables of measurements that were kept.
pub fn render(files: &[PathBuf]) -> Result<()> {
    let mut results = Results::new(false);
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        for line in text.lines() {
            let measurement: Measurement =
                serde_json::from_str(line).with_context(|| line.to_owned())?;
            results.add(measurement.work.parse()?, measurement);
        }
    }
    // What the run was called with is not kept.
    let command = "benches/rivals/run --raw FILE ...";
    print!("{}", report::render(&results, &peer::all(), command));
    Ok(())
}

/// What this run was called with.
fn command() -> String {
    let arguments = std::env::args().skip(2);
    let words: Vec<String> = ["benches/rivals/run".to_owned()]
        .into_iter()
        .chain(arguments)
        .collect();
    words.join(" ")
}

fn keep(plan: &Plan, measurement: &Measurement) -> Result<()> {
    if let Some(raw) = &plan.raw {
        let mut file = File::options().create(true).append(true).open(raw)?;
        writeln!(file, "{}", serde_json::to_string(measurement)?)?;
    }
    Ok(())
}

/// One measurement in a process of its own, under the lock if there is one.
fn measure(lock: &str, peer: &str, work: Work, millis: u64, near: bool) -> Result<Reply> {
    let directory = rings::directory()?;
    let program = std::env::current_exe()?.display().to_string();
    let mut words = lock.split_whitespace().chain([program.as_str()]);
    let mut command = Command::new(words.next().context("a program")?);
    command
        .args(words)
        .args(["measure", peer, &work.to_string()]);
    command
        .args(["--millis", &millis.to_string(), "--directory"])
        .arg(directory.path());
    if near {
        command.arg("--near");
    }
    let output = directory.path().join("stdout");
    let errors = directory.path().join("stderr");
    // SAFETY: one system call, of no memory but its own.
    unsafe {
        // The group is not the terminal's: Ctrl-C does not reach it.
        command.pre_exec(|| {
            role::end_with_parent();
            Ok(())
        })
    };
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(File::create(&output)?)
        .stderr(File::create(&errors)?)
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    // Waiting for the lock does not count, so the measurement itself says when it begins.
    let mut begun = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.is_none() && directory.path().join("begun").exists() {
            begun = Some(Instant::now());
        }
        if begun.is_some_and(|begun| begun.elapsed() > LIMIT) {
            // The lock's program, the measurement and its roles.
            // SAFETY: signals the group that was made for them.
            unsafe { libc::kill(-child.id().cast_signed(), libc::SIGKILL) };
            child.wait()?;
            bail!("still not finished after {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        let errors = std::fs::read_to_string(errors)?;
        let first = errors.lines().next().unwrap_or("it said nothing");
        bail!("{status}: {first}");
    }
    let output = std::fs::read_to_string(output)?;
    serde_json::from_str(&output).with_context(|| format!("it said {output:?}"))
}
