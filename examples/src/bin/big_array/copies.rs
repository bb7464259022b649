//! The same with copies, as a pool of processes gets them: through a pipe to each.

use std::io::Read;
use std::ops::Range;
use std::time::Instant;

use examples::{Result, Worker, proportional, rows, say};
use ndarray::ArrayView1;

use crate::{Cost, Task, values};

/// Sends the whole array to every worker, or its part alone.
pub fn sums(task: Task, is_split: bool) -> Result<Cost> {
    let part = |index| rows(task.len, index, task.workers);
    let mut workers = Worker::start_all(task.workers, |index| {
        let Range { start, end } = part(index);
        let (len, first) = if is_split {
            (end - start, 0)
        } else {
            (task.len, start)
        };
        let numbers = [len, first, first + end - start].map(|number| number.to_string());
        [vec!["copies".to_owned()], numbers.to_vec()].concat()
    })?;
    let mut cost = Cost::default();
    let mut array_values = vec![0.0; task.len];
    for array in 0..task.arrays {
        values::fill(&mut array_values, array);
        let sent = |index| {
            if is_split {
                &array_values[part(index)]
            } else {
                &array_values[..]
            }
        };
        let complete = Instant::now();
        // To all of them at once: one after the other would take longer.
        std::thread::scope(|scope| {
            let sending: Vec<_> = workers
                .iter_mut()
                .enumerate()
                .map(|(index, worker)| {
                    let bytes = bytemuck::cast_slice(sent(index));
                    scope.spawn(|| worker.send(bytes))
                })
                .collect();
            let mut sent = sending.into_iter().map(|thread| thread.join());
            sent.try_for_each(|sent| sent.map_err(|_| "sending panicked")?)
        })?;
        values::check(&mut workers, task.len, array)?;
        cost.times.push(complete.elapsed());
    }
    // A worker keeps what it got until it gets more.
    let processes = workers.iter().map(Worker::process);
    cost.memory = proportional(processes.chain([std::process::id()]))?;
    workers.into_iter().try_for_each(Worker::finish)?;
    Ok(cost)
}

/// The sum of one part of every copy that comes.
pub fn worker(arguments: &[String]) -> Result<()> {
    let numbers: Vec<usize> = arguments
        .iter()
        .map(|number| number.parse())
        .collect::<std::result::Result<_, _>>()?;
    let [len, first, end] = numbers[..] else {
        return Err("how much, and which part?".into());
    };
    let mut input = std::io::stdin().lock();
    let mut copy = vec![0.0f64; len];
    say("ready")?;
    loop {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut copy);
        let (head, rest) = bytes.split_at_mut(bytes.len().min(1));
        if input.read(head)? == 0 {
            return Ok(());
        }
        input.read_exact(rest)?;
        say(ArrayView1::from(&copy[first..end]).sum())?;
    }
}
