//! One place to die in: a directory with one ring, and the process whose children die there.

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::kinds::Kind;
use crate::point;
use crate::support::process::{Role, start_with};
use crate::support::{HANGS, Rings};
use crate::victim::{Death, Order};

/// The name of the ring.
const NAME: &str = "r";

pub struct Scene {
    rings: Rings,
    victims: Role,
}

/// How a victim ended.
#[derive(Clone, Debug)]
pub struct End {
    /// What it did not do any more; `None` if it did everything.
    pub place: Option<String>,
    /// The next sequence, of what it was told that it is published or read.
    pub done: u64,
}

impl Scene {
    pub fn new(on_disk: bool) -> Scene {
        let rings = if on_disk {
            Rings::on_disk()
        } else {
            Rings::new()
        };
        let victims = start_with("victims", &[], &[("RINGBUF_DIR", rings.path())]);
        Scene { rings, victims }
    }

    pub fn ring(&self) -> String {
        self.rings.reference(NAME)
    }

    pub fn data(&self) -> PathBuf {
        self.rings.file(&format!("{NAME}.ring"))
    }

    pub fn readers(&self) -> PathBuf {
        self.rings.file(&format!("{NAME}.readers"))
    }

    pub fn names(&self) -> Vec<String> {
        self.rings.names()
    }

    /// Removes what the dead left, as `ringctl gc` does.
    pub fn sweep(&mut self) {
        self.age();
        self.victims.tell("sweep");
        self.victims.says("swept ");
    }

    /// An empty file may be about to be locked, so it is left alone for a while: lets that time pass.
    fn age(&self) {
        let names = self.names();
        let temporary = names.iter().filter(|name| name.ends_with(".tmp"));
        for path in temporary.map(|name| self.rings.file(name)) {
            let file = File::options().write(true).open(&path).unwrap();
            let long_ago = SystemTime::now() - Duration::from_secs(3600);
            file.set_modified(long_ago).unwrap();
        }
    }

    /// Empties the directory by hand.
    pub fn remove(&self, path: &PathBuf) {
        fs::remove_file(path).unwrap();
    }

    /// Starts a victim on the ring.
    pub fn start<K: Kind>(
        &mut self,
        script: &str,
        death: Death,
        epoch: u64,
        more: &[&str],
    ) -> Victim<'_> {
        let order = Order {
            script: script.to_owned(),
            kind: K::NAME.to_owned(),
            ring: self.ring(),
            epoch,
            death,
            more: more.iter().map(|&word| word.to_owned()).collect(),
        };
        point::note(None);
        self.victims.tell(&order.line());
        Victim {
            scene: self,
            end: End {
                place: None,
                done: 0,
            },
            is_gone: false,
        }
    }

    /// Lets a script run that dies by itself, or to its end.
    pub fn setup<K: Kind>(&mut self, script: &str) {
        self.start::<K>(script, Death::None, 1, &[]).end();
    }
}

/// A victim under way.
pub struct Victim<'a> {
    scene: &'a mut Scene,
    end: End,
    is_gone: bool,
}

impl Victim<'_> {
    /// Waits until it is ready to be armed.
    pub fn is_ready(&self) {
        self.scene.victims.says("ready");
    }

    pub fn go(&mut self) {
        self.scene.victims.tell("go");
    }

    /// Whether it is gone, and what the kernel frees for it is free.
    pub fn is_gone(&mut self) -> bool {
        for line in self.scene.victims.unheard() {
            self.heard(&line);
        }
        self.is_gone
    }

    /// Waits until it is gone.
    pub fn end(mut self) -> End {
        while !self.is_gone {
            let line = self.scene.victims.said();
            self.heard(&line);
        }
        self.end
    }

    fn heard(&mut self, line: &str) {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            "died" => {
                let (done, place) = rest.split_once(' ').unwrap();
                self.end = End {
                    place: Some(place.to_owned()),
                    done: done.parse().unwrap(),
                };
                point::note(Some(place));
            }
            "through" => self.end.done = rest.parse().unwrap(),
            "gone" => self.is_gone = true,
            _ => panic!("the victim says: {line}"),
        }
    }
}

/// Waits for something that takes no time to speak of, or for another thing that makes it pointless.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let step = Duration::from_micros(200);
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < HANGS, "waited for long: {what}");
        sleep(step);
        waited += step;
    }
}
