//! Less of what cannot be told apart anyway, so that a picture has a size.

use super::canvas::Spot;

/// At most so many of them, evenly chosen.
pub fn evenly<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let every = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(every).collect()
}

/// Spans in order; those that touch are one.
pub fn merged(mut spans: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    spans.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, to) in spans {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The line through these spots, broken where there is none: in paths, and spots that are joined to nothing. Of those in one
/// column that follow each other the first, the highest, the lowest and the last are enough: the line looks the same.
pub fn reduced(
    spots: impl Iterator<Item = Option<Spot>>,
    column: f64,
    columns: usize,
) -> (Vec<Vec<Spot>>, Vec<Spot>) {
    let mut runs: Vec<Vec<Spot>> = Vec::new();
    let mut here: Vec<Spot> = Vec::new();
    let mut is_joined = false;
    for spot in spots {
        let Some(spot) = spot else {
            flush(&mut here, &mut runs);
            is_joined = false;
            continue;
        };
        if !is_joined {
            runs.push(Vec::new());
            is_joined = true;
        }
        if here
            .first()
            .is_some_and(|first| cell(first, column) != cell(&spot, column))
        {
            flush(&mut here, &mut runs);
        }
        keep(&mut here, spot);
    }
    flush(&mut here, &mut runs);
    let (paths, alone): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.len() > 1);
    let paths = evenly(paths, columns);
    // Only a line that goes back and forth has more than four a column. Then a path has room for its part of all spots.
    let all = paths.iter().map(Vec::len).sum::<usize>().max(1);
    let most = |path: &[Spot]| (8 * columns * path.len() / all).max(8);
    let thinned = paths.into_iter().map(|path| {
        let most = most(&path);
        evenly(path, most)
    });
    let paths = thinned.collect();
    let alone = alone.into_iter().flatten().collect();
    (paths, evenly(alone, columns))
}

fn cell(spot: &Spot, column: f64) -> i64 {
    (spot.0 / column).floor() as i64
}

/// Of the spots in one column the first, the highest, the lowest and the last, in the order in which they came.
fn keep(here: &mut Vec<Spot>, spot: Spot) {
    here.push(spot);
    if here.len() <= 4 {
        return;
    }
    let y = |place: &usize| here[*place].1;
    let places = 0..here.len();
    let low = places.clone().min_by(|a, b| y(a).total_cmp(&y(b)));
    let high = places.max_by(|a, b| y(a).total_cmp(&y(b)));
    let last = here.len() - 1;
    let mut place = 0;
    here.retain(|_| {
        let is_kept = place == 0 || place == last || Some(place) == low || Some(place) == high;
        place += 1;
        is_kept
    });
}

fn flush(here: &mut Vec<Spot>, runs: &mut [Vec<Spot>]) {
    if let Some(run) = runs.last_mut() {
        run.append(here);
    }
}

#[cfg(test)]
mod tests {
    use super::reduced;

    #[test]
    fn short_paths_take_no_room_from_a_long_one() {
        let (columns, column) = (100, 1.0);
        // Nine short ones and then many values in each column, one of which is far from the others.
        let short = (0..9).flat_map(|_| [Some((0.0, 0.0)), Some((0.5, 0.0)), None]);
        let high = |i: u32| if i == 777 { 9.0 } else { f64::from(i % 2) };
        let long = (0..2_000).map(|i| Some((f64::from(i) / 20.0, high(i))));
        let (paths, alone) = reduced(short.chain(long), column, columns);
        assert!(alone.is_empty());
        assert_eq!(paths.len(), 10);
        assert!(paths.iter().flatten().any(|spot| spot.1 == 9.0));
    }
}
