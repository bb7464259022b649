//! Ends the program when a case hangs, and says which: it cannot be shrunk.

use std::fmt::Debug;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use crate::support::HANGS;

pub struct Watch {
    cases: Sender<String>,
}

impl Watch {
    pub fn new() -> Watch {
        let (cases, begun) = mpsc::channel::<String>();
        thread::spawn(move || {
            let mut last = String::new();
            loop {
                match begun.recv_timeout(HANGS) {
                    Ok(case) => last = case,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        eprintln!("hangs, given up after {HANGS:?}: {last}");
                        std::process::abort();
                    }
                }
            }
        });
        Watch { cases }
    }

    pub fn begins(&self, case: &impl Debug) {
        let _ = self.cases.send(format!("{case:?}"));
    }
}
