//! Carries a plan out.

use std::path::Path;
use std::time::{Duration, Instant};

use ringbuf_core::{CreateError, FrameProducer, InspectError, Producer, Retain, inspect};

use crate::fault::Verdict;
use crate::figures::Figures;
use crate::plan::{Action, Between, End, Plan};
use crate::scene::{Due, Scene};
use crate::setting::with_item;

/// Fewer than a ring remembers, so that every reader can be told of every one.
const EPOCHS_MOST: u64 = 12;
/// How long a producer may take to find room for the claim it is to die in.
const CLAIM_MOST: Duration = Duration::from_millis(300);

/// Carries it out, and says what was wrong.
pub fn run(plan: &Plan, directory: Option<&Path>, figures: &mut Figures) -> Verdict {
    let mut scene = Scene::new(plan, directory, figures);
    let done = play(&mut scene, plan);
    done.map_err(|fault| {
        let history = &scene.history;
        let last = history.len().saturating_sub(25);
        format!(
            "{fault}\nwhat was done last:\n{}",
            history[last..].join("\n")
        )
    })
}

fn play(scene: &mut Scene<'_>, plan: &Plan) -> Verdict {
    scene.start_producer(plan.seed, plan.seed.is_multiple_of(3), false);
    for (pause, action) in &plan.steps {
        let end = Instant::now() + *pause;
        scene.turn()?;
        while Instant::now() < end {
            scene.turn()?;
        }
        act(scene, action)?;
    }
    // Who is to be lapped is: nobody else holds the producer.
    scene.until(|scene| !scene.somebody_is_to_be_lapped())?;
    scene.all_go_on();
    scene.until(|scene| {
        let producer = scene.producer.as_ref();
        producer.is_some_and(|producer| {
            producer.ready && !producer.closing && producer.kill_at.is_none()
        })
    })?;
    scene.close_producer();
    scene.until(|scene| scene.producer.is_none())?;
    scene.draining = true;
    scene.until(|scene| scene.seats.iter().all(Option::is_none))?;
    scene.clean_up()?;
    scene.book.check()?;
    for ring in &scene.book.rings {
        let total = ring.total.unwrap_or(0);
        scene.figures.published += total;
        scene.figures.laps += total / scene.setting.capacity;
    }
    scene.figures.settings += 1;
    scene.figures.of_frames += u64::from(scene.setting.frames.is_some());
    Ok(())
}

fn act(scene: &mut Scene<'_>, action: &Action) -> Verdict {
    match action {
        Action::Seat(seat, kind) => {
            if scene.seats[*seat].is_none() {
                scene.start_reader(*seat, kind.clone());
            }
            Ok(())
        }
        Action::KillReader(seat, is_waited_for) => {
            scene.kill_reader(*seat)?;
            match is_waited_for {
                true => scene.until(|scene| scene.dead.is_empty() || !has_ready_producer(scene)),
                false => Ok(()),
            }
        }
        Action::StopReader(seat, time) => {
            scene.stop_reader(*seat, *time);
            Ok(())
        }
        Action::EndProducer {
            end,
            between,
            pause,
            seed,
            untyped,
        } => {
            let due = Due {
                at: Instant::now() + *pause,
                between: *between,
                seed: *seed,
                untyped: *untyped,
            };
            end_producer(scene, *end, due)
        }
        Action::StopProducer(time) => {
            if let Some(producer) = &mut scene.producer
                && producer.ready
                && producer.actor.stopped.is_none()
            {
                producer.actor.stop(*time);
                scene.figures.stops += 1;
                scene.tell(format!("the producer is stopped for {time:?}"));
            }
            Ok(())
        }
        Action::SecondProducer if has_ready_producer(scene) => second_producer(scene),
        Action::Remove if has_ready_producer(scene) => {
            scene.figures.turned_away += 1;
            match inspect::remove(&scene.ring) {
                Err(InspectError::InUse { .. }) => Ok(()),
                other => Err(format!("removing a ring whose producer lives: {other:?}")),
            }
        }
        Action::SecondProducer | Action::Remove => Ok(()),
    }
}

fn has_ready_producer(scene: &Scene<'_>) -> bool {
    let producer = scene.producer.as_ref();
    producer.is_some_and(|producer| producer.ready && !producer.closing)
}

fn end_producer(scene: &mut Scene<'_>, end: End, mut due: Due) -> Verdict {
    let Some(newest) = scene.book.ring().map(|ring| ring.newest()) else {
        return Ok(());
    };
    if newest >= EPOCHS_MOST && due.between == Between::Continued {
        due.between = Between::Replaced;
    }
    let Some(producer) = &mut scene.producer else {
        return Ok(());
    };
    // Killed while it begins is allowed, told while it begins is not.
    if producer.closing || producer.kill_at.is_some() || !producer.ready && end != End::Killed {
        return Ok(());
    }
    scene.due = Some(due);
    match end {
        End::Killed => scene.kill_producer(),
        End::Closed => {
            scene.close_producer();
            Ok(())
        }
        End::KilledInClaim => {
            producer.kill_at = Some(Instant::now() + CLAIM_MOST);
            producer.actor.tell("claim");
            Ok(())
        }
    }
}

fn second_producer(scene: &mut Scene<'_>) -> Verdict {
    scene.figures.turned_away += 1;
    let options = scene.setting.options(false);
    let retain = Retain::records(scene.setting.capacity);
    let ring = scene.ring.clone();
    let tried = match &scene.setting.frames {
        Some(frames) => {
            FrameProducer::create_with(&ring, scene.setting.retain(frames), &options).map(drop)
        }
        None => with_item!(scene.setting.record, T => {
            Producer::<T>::create_with(&ring, retain, &options).map(drop)
        }),
    };
    match tried {
        Err(CreateError::InUse { .. }) => Ok(()),
        other => Err(format!("a second producer beside a living one: {other:?}")),
    }
}
