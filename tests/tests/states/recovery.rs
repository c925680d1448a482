//! Recovery under the default policy: its ramp really ramps, and starves nobody.

use std::time::Duration;

use fluxgate::{CircuitBreaker, ManualClock, State};
use fluxgate_tests::fixture::{SECOND, fail, state, succeed};

/// Seconds from the moment that the retry is due to the first probe, and to the call that closes the breaker, for a
/// service that is well again and is called once every `pause`.
fn recover(seed: u64, pause: Duration) -> (f64, f64) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("default").clock(clock.clone()).random_seed(seed).build().unwrap();
    (0..100).for_each(|_| assert!(fail(&breaker)));
    assert_eq!(state(&breaker), State::Open);
    clock.advance(60 * SECOND);
    let (mut waited, mut first_probe) = (Duration::ZERO, None);
    loop {
        if succeed(&breaker) {
            first_probe.get_or_insert(waited);
        }
        if state(&breaker) == State::Closed {
            break;
        }
        assert!(waited < 10 * 60 * SECOND, "starved");
        clock.advance(pause);
        waited += pause;
    }
    (first_probe.unwrap().as_secs_f64(), waited.as_secs_f64())
}

#[test]
fn called_once_a_second_it_probes_as_often_as_the_ramp_says_and_closes_at_its_end() {
    const SEEDS: u64 = 2_000;
    let firsts: Vec<f64> = (0..SEEDS)
        .map(|seed| {
            let (first, closed) = recover(seed, SECOND);
            // The first success at the full ratio closes it, and that is what the ramp reaches after 60 s.
            assert!((closed - 60.0).abs() < 1e-9, "closed after {closed} s");
            assert!(first >= 1.0, "a probe at a ratio of 0");
            first
        })
        .collect();
    // The call of second k is a probe with probability k/60, so none of the first k is one with Π (1 − i/60).
    let mut none_yet = 1.0;
    let (mut mean, mut square) = (0.0, 0.0);
    for second in 1..=60_u32 {
        let chance = f64::from(second) / 60.0;
        mean += f64::from(second) * none_yet * chance;
        square += f64::from(second).powi(2) * none_yet * chance;
        none_yet *= 1.0 - chance;
    }
    let deviation = (square - mean * mean).sqrt() / 2_000_f64.sqrt();
    let measured = firsts.iter().sum::<f64>() / 2_000.0;
    // Five standard deviations, and the seeds are fixed.
    assert!((measured - mean).abs() < 5.0 * deviation, "first probe after {measured} s, not after {mean} s");
}

#[test]
fn called_once_a_minute_its_second_call_probes_and_closes_it() {
    for seed in 0..200 {
        // The first call finds the retry due, at a ratio of 0; at the next the ramp has ended.
        assert_eq!(recover(seed, 60 * SECOND), (60.0, 60.0));
    }
}
