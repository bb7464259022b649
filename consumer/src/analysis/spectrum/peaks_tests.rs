use super::super::welch::{Densities, Welch};
use super::*;

/// Normally distributed noise, the same for the same seed.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut even = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    };
    // The sum of twelve even ones.
    (0..n)
        .map(|_| (0..12).map(|_| even()).sum::<f64>() - 6.0)
        .collect()
}

fn density(values: &[f64], window: usize) -> (Vec<f64>, u64) {
    let mut welch = Welch::of(window);
    let mut densities = Densities::none(welch.bins());
    for first in (0..=values.len() - window).step_by(window / 2) {
        assert!(welch.add(&values[first..first + window], &mut densities));
        densities.segments += 1;
    }
    (densities.mean(1.0).unwrap(), densities.segments)
}

fn peaks(values: &[f64], window: usize) -> Vec<Peak> {
    let (psd, segments) = density(values, window);
    find(&psd, 1.0 / window as f64, segments, 100)
}

#[test]
fn noise_has_no_peaks() {
    for (window, length) in [(512, 512), (512, 2048), (512, 8192), (64, 4096)] {
        let found = (0..200).map(|seed| peaks(&noise(length, seed), window).len());
        let alarms: usize = found.sum();
        // One in a thousand is meant; what noise is there is not known exactly.
        assert!(alarms <= 4, "{alarms} in 200 spectra of {length}, {window}");
    }
}

#[test]
fn a_slope_is_no_peak_and_does_not_hide_one() {
    // The sum of noise is the steeper the slower.
    let tone = |i: usize| 3.0 * (0.2 * std::f64::consts::TAU * i as f64).sin();
    let mut at = 0.0;
    let mut walk = |step: &f64| {
        at += step;
        at
    };
    let walk: Vec<f64> = noise(16_384, 3).iter().map(&mut walk).collect();
    assert_eq!(peaks(&walk, 512), []);
    let with: Vec<f64> = walk
        .iter()
        .enumerate()
        .map(|(i, at)| at + tone(i))
        .collect();
    let found = peaks(&with, 512);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].frequency_hz - 0.2).abs() < 1e-4, "{found:?}");
    assert!((found[0].amplitude - 3.0).abs() < 0.05, "{found:?}");
}

#[test]
fn a_tone_without_noise_is_exact_wherever_it_lies() {
    for tenth in 0..=10 {
        for bin in [3.0, 20.0, 100.0, 250.0] {
            let cycles = (bin + f64::from(tenth) / 10.0) / 512.0;
            let tone = |i: usize| 2.5 * (std::f64::consts::TAU * cycles * i as f64 + 1.0).sin();
            let values: Vec<f64> = (0..16_384).map(tone).collect();
            let found = peaks(&values, 512);
            assert_eq!(found.len(), 1, "{cycles}: {found:?}");
            assert!(
                (found[0].frequency_hz - cycles).abs() < 0.01 / 512.0,
                "{cycles}: {found:?}"
            );
            assert!(
                (found[0].amplitude - 2.5).abs() < 0.01,
                "{cycles}: {found:?}"
            );
            assert!(found[0].share > 0.99, "{found:?}");
        }
    }
}

#[test]
fn a_broad_hill_is_one_peak() {
    // An oscillator that noise keeps going: 40 frequencies wide.
    let (mut last, mut before) = (0.0, 0.0);
    let values: Vec<f64> = noise(1 << 17, 9)
        .iter()
        .map(|push| {
            let next = 1.2 * last - 0.93 * before + push;
            (before, last) = (last, next);
            next
        })
        .collect();
    let found = peaks(&values, 1024);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].frequency_hz - 0.1432).abs() < 0.01, "{found:?}");
}

#[test]
fn the_strongest_are_told() {
    let tones = [(0.1, 1.0), (0.2, 3.0), (0.3, 2.0)];
    let sum = |(i, noise): (usize, &f64)| {
        let tone = |(cycles, amplitude): &(f64, f64)| {
            amplitude * (std::f64::consts::TAU * cycles * i as f64).sin()
        };
        0.1 * noise + tones.iter().map(tone).sum::<f64>()
    };
    let noise = noise(8192, 4);
    let values: Vec<f64> = noise.iter().enumerate().map(sum).collect();
    let (psd, segments) = density(&values, 512);
    let found = |most: usize| {
        let peaks = find(&psd, 1.0 / 512.0, segments, most).into_iter();
        let rounded = peaks.map(|peak| (peak.frequency_hz * 10.0).round());
        rounded.collect::<Vec<f64>>()
    };
    assert_eq!(found(10), [2.0, 3.0, 1.0]);
    assert_eq!(found(2), [2.0, 3.0]);
}

#[test]
fn noise_is_no_part_of_an_amplitude() {
    let noise = noise(1 << 17, 6);
    for amplitude in [0.3, 0.6] {
        let tone = |i: usize| amplitude * (1.2 * i as f64).sin();
        let with = noise.iter().enumerate().map(|(i, noise)| noise + tone(i));
        let found = peaks(&with.collect::<Vec<f64>>(), 512);
        assert_eq!(found.len(), 1, "{found:?}");
        let off = found[0].amplitude / amplitude - 1.0;
        assert!(off.abs() < 0.03, "{off}: {found:?}");
    }
}

#[test]
fn what_is_hardly_higher_than_its_noise_is_no_peak_however_sure_it_is() {
    let found = |top: f64| {
        let mut psd = vec![1.0; 257];
        psd[100] = top;
        find(&psd, 1.0, 1_000_000, 10).len()
    };
    assert_eq!((found(1.9), found(2.1)), (0, 1));
}
