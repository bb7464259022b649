//! Another process, of another user if need be, that does with rings what it is told and says what came of it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ringbuf_core::{
    CreateOptions, Next, Producer, Reader, ReaderOptions, Register, Retain, inspect,
};

use crate::support::process::{Role, hear, say, start_program};
use crate::support::{HANGS, Rings, system};

/// Nobody in particular, and another.
pub const OTHER: u32 = 65_534;
pub const THIRD: u32 = 65_533;
/// A group of no user.
pub const GROUP: u32 = 65_432;

/// Records of the rings that actors make.
pub const CAPACITY: u64 = 5;

/// Who an actor is.
#[derive(Clone, Copy, Debug)]
pub enum As {
    /// Who runs the test.
    Self_,
    /// A user with nothing but a group of the same number.
    User(u32),
    /// A user in the first group, and in the second one as well.
    Member(u32, u32, u32),
}

/// An actor at work.
pub struct Actor(Role);

impl Actor {
    /// Tells it what to do, without waiting.
    pub fn tell(&mut self, command: &str) {
        self.0.tell(command);
    }

    pub fn said(&self) -> String {
        self.0.said()
    }

    /// Does it and says this.
    #[track_caller]
    pub fn says(&mut self, command: &str, expected: &str) {
        let said = self.asked(command);
        assert_eq!(said, expected, "{command}");
    }

    /// Does it and says something with all of these in it.
    #[track_caller]
    pub fn mentions(&mut self, command: &str, parts: &[&str]) {
        let said = self.asked(command);
        for part in parts {
            assert!(
                said.contains(part),
                "{command}: {part:?} is not in {said:?}"
            );
        }
    }

    pub fn asked(&mut self, command: &str) -> String {
        self.tell(command);
        self.said()
    }

    /// What it has said and nobody has heard.
    pub fn unheard(&self) -> Vec<String> {
        self.0.unheard()
    }

    pub fn signal(&self, signal: i32) {
        self.0.signal(signal);
    }

    pub fn kill(self) {
        self.0.kill();
    }
}

/// A directory for rings that everybody may enter, and a program to enter with.
pub struct Stage {
    pub rings: Rings,
    program: PathBuf,
    /// Keeps a copy of the program, where there is one.
    _programs: Option<Rings>,
}

impl Stage {
    /// Everybody may enter and read, only this user may write.
    pub fn new() -> Stage {
        let rings = Rings::new();
        set_mode(rings.path(), 0o755);
        Stage {
            rings,
            program: std::env::current_exe().unwrap(),
            _programs: None,
        }
    }

    /// A stage for several users; `None`, with the reason printed, where there can be only one.
    pub fn for_users() -> Option<Stage> {
        if !system::is_root() {
            println!("skipped: only the superuser can become somebody else");
            return None;
        }
        let programs = Rings::on_disk();
        set_mode(programs.path(), 0o755);
        let program = copy_program(&programs);
        Some(Stage {
            program,
            _programs: Some(programs),
            ..Stage::new()
        })
    }

    pub fn enter(&self, who: As) -> Actor {
        self.enter_with(who, &[])
    }

    pub fn enter_with(&self, who: As, environment: &[(&str, &Path)]) -> Actor {
        let numbers = match who {
            As::Self_ => Vec::new(),
            As::User(user) => vec![user, user],
            As::Member(user, group, more) => vec![user, group, more],
        };
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let arguments: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let actor = Actor(start_program(
            &self.program,
            "actor",
            &arguments,
            environment,
        ));
        assert_eq!(actor.said(), "enters");
        actor
    }
}

/// A copy of this program that everybody may run: others may not reach the directory in which tests are built.
pub fn copy_program(programs: &Rings) -> PathBuf {
    let program = programs.file("program");
    // By another process: what this one has open for writing, a child of another test may have inherited, and
    // then it cannot be run.
    let status = Command::new("cp")
        .args([&std::env::current_exe().unwrap(), &program])
        .status();
    assert!(status.unwrap().success());
    set_mode(&program, 0o755);
    program
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// What an actor has in its hands.
#[derive(Default)]
struct Hands {
    producer: Option<Producer<u64>>,
    reader: Option<Reader<u64>>,
    files: Vec<File>,
}

/// The role: one command a line, one answer to each.
pub fn play(arguments: &[String]) {
    let numbers: Vec<u32> = arguments.iter().filter_map(|n| n.parse().ok()).collect();
    if let [user, group, more @ ..] = numbers.as_slice() {
        system::become_member(*user, *group, more);
    }
    say("enters");
    let mut hands = Hands::default();
    loop {
        let line = hear();
        let words: Vec<&str> = line.split(' ').collect();
        let answer = hands
            .act(&words)
            .unwrap_or_else(|error| format!("error: {}", error.to_string().replace('\n', " ")));
        say(answer);
    }
}

impl Hands {
    fn act(&mut self, words: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        match *words {
            ["go", directory] => std::env::set_current_dir(directory)?,
            ["create", ring, ref choices @ ..] => {
                let retain = Retain::records(CAPACITY);
                let producer = Producer::create_with(ring, retain, &options(choices))?;
                let next = producer.published();
                self.producer = Some(producer);
                return Ok(format!("publishes from {next}"));
            }
            ["publish", ref records @ ..] => {
                let records: Vec<u64> = records.iter().map(|n| n.parse().unwrap()).collect();
                self.producer.as_mut().unwrap().publish_slice(&records)?;
            }
            ["count"] => {
                let count = self.producer.as_ref().unwrap().registered_readers();
                return Ok(count.to_string());
            }
            ["close"] => self.producer.take().unwrap().close(),
            ["attach", delivery, ring] => {
                let options = match delivery {
                    "lossless" => ReaderOptions::lossless(),
                    _ => ReaderOptions::lossy(),
                };
                let options = options.named("actor").from_oldest();
                let reader = Reader::attach(ring, options)?;
                let is_observer = reader.is_observer();
                self.reader = Some(reader);
                return Ok(if is_observer {
                    "observes"
                } else {
                    "registered"
                }
                .to_owned());
            }
            ["next"] => return self.next(),
            ["info", ring] => {
                let info = inspect::info(ring)?;
                let readers = match info.readers {
                    None => "hidden".to_owned(),
                    Some(readers) => {
                        let alive = readers.iter().filter(|reader| reader.is_alive).count();
                        format!("{alive} alive")
                    }
                };
                return Ok(format!("{} readers {readers}", info.producer.name()));
            }
            ["list"] => {
                let listed = inspect::list()?;
                let names: Vec<String> = listed
                    .into_iter()
                    .map(|ring| match ring.info {
                        Ok(_) => ring.name,
                        Err(error) => error.to_string(),
                    })
                    .collect();
                return Ok(names.join(", "));
            }
            ["gc"] => {
                return Ok(format!(
                    "swept {}",
                    inspect::gc(inspect::Reach::Disk, false)?.len()
                ));
            }
            ["remove", ring] => inspect::remove(ring)?,
            ["delete", path] => fs::remove_file(path)?,
            ["write", path] => fs::write(path, "mine")?,
            ["open", path] => drop(File::options().write(true).open(path)?),
            ["link", target, path] => std::os::unix::fs::symlink(target, path)?,
            #[cfg(target_os = "linux")]
            ["share", path] => {
                let file = File::open(path)?;
                system::share_every_lock(&file)?;
                self.files.push(file);
            }
            _ => panic!("what is {words:?}?"),
        }
        Ok("done".to_owned())
    }

    fn next(&mut self) -> Result<String, Box<dyn std::error::Error>> {
        let reader = self.reader.as_mut().unwrap();
        Ok(match reader.next_timeout(HANGS)? {
            Next::Batch(batch) => match batch.event() {
                Some(event) => format!("{event:?}"),
                None => format!("{:?} missed {}", batch.records(), batch.missed()),
            },
            Next::Closed => "closed".to_owned(),
            Next::TimedOut => "nothing".to_owned(),
        })
    }
}

fn options(choices: &[&str]) -> CreateOptions {
    let mut options = CreateOptions::default();
    for choice in choices {
        options = match *choice {
            "group" => options.register(Register::Group),
            "all" => options.register(Register::All),
            "owner" => options.register(Register::Owner),
            "replace" => options.replace(true),
            mode => options.mode(u32::from_str_radix(mode, 8).unwrap()),
        };
    }
    options
}
