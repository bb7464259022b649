//! One death and its verdict, in a thread that bears its name.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::scenarios::Scenario;
use crate::scene::Scene;
use crate::support::limit;
use crate::victim::Death;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Remembers where the last victim of this thread's point died; `None` as long as it lives.
pub fn note(place: Option<&str>) {
    PLACE.set(place.map(str::to_owned));
}

/// What came of it.
pub struct Outcome {
    /// Where the victim died; `None` if it did everything.
    pub place: Option<String>,
    /// What is wrong after that.
    pub problem: Option<String>,
}

pub fn run(scenario: &Scenario, scene: &mut Scene, death: Death, n: u64) -> Outcome {
    let name = format!("{scenario}, {death:?}");
    thread::scope(|scope| {
        let body = || {
            let _limit = limit();
            let point = AssertUnwindSafe(|| (scenario.point)(scene, death, n.is_multiple_of(2)));
            let problem = catch_unwind(point).err().map(text);
            Outcome {
                place: PLACE.take(),
                problem,
            }
        };
        let thread = thread::Builder::new().name(name).spawn_scoped(scope, body);
        thread.unwrap().join().unwrap()
    })
}

fn text(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()))
        .unwrap_or_else(|| "a panic".to_owned())
}
