//! A thread that dies before any one of its stores.

use std::any::type_name_of_val;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ringbuf_core::model::{News, die_after, is_dead, revive};

use crate::harness::{First, explore};

/// Where in its story the thread of a model dies.
#[derive(Clone, Debug)]
pub struct Death {
    stores: usize,
    came: Arc<AtomicBool>,
}

impl Death {
    /// Lets the calling thread go through these steps until it dies, and says whether it did. Who continues
    /// in the same thread is somebody else, who came behind the lock of the dead.
    pub fn befall<S>(&self, subject: &mut S, steps: &[fn(&mut S)]) -> bool {
        die_after(self.stores);
        for step in steps {
            step(subject);
            if is_dead() {
                break;
            }
        }
        let died = revive();
        self.came.fetch_or(died, Ordering::Relaxed);
        died
    }
}

/// Runs a model in both orders, as [`check`](crate::check), once with a death before each store of one of its
/// threads, and once in which it lives.
pub fn check_deaths(
    preemptions: usize,
    model: impl Fn(First, &Death) + Send + Sync + Clone + 'static,
) {
    let name = type_name_of_val(&model).replace("::{{closure}}", "");
    let begun = Instant::now();
    let mut executions = [0; 2];
    let mut deaths = 0;
    loop {
        let death = Death {
            stores: deaths,
            came: Arc::default(),
        };
        for (first, sum) in [First::Producer, First::Reader]
            .into_iter()
            .zip(&mut executions)
        {
            let (model, death) = (model.clone(), death.clone());
            *sum += explore(preemptions, move || model(first, &death));
        }
        if !death.came.load(Ordering::Relaxed) {
            break;
        }
        deaths += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let [producer, reader] = executions;
    println!("explored {name}: {producer} + {reader} executions, {deaths} deaths, {seconds:.1} s");
    assert!(deaths > 2, "a model without deaths shows nothing");
}

/// What a reader was told of restarts.
#[derive(Debug, Default)]
pub struct Told(
    /// Each epoch, and the first sequence of it.
    pub Vec<(u64, u64)>,
);

impl Told {
    /// The epoch whose records it reads.
    pub fn epoch(&self) -> u64 {
        self.0.last().map_or(1, |told| told.0)
    }

    /// Notes what this attempt told.
    pub fn of(&mut self, news: News) {
        if let News::Restarted { epoch, first } = news {
            self.0.push((epoch, first.expect("forgotten too early")));
        }
    }
}
