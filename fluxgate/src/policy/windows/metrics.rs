use std::{sync::Arc, time::Duration};

use crate::time::nanos::Nanos;
#[cfg(feature = "serde")]
use crate::time::serialized;

/// The figures of a window: the number of its calls, their outcomes and durations.
///
/// Rates are ratios from 0 to 1. An empty window has none. Every [`Signal`](crate::Signal) has these figures, and a
/// [custom tripper](crate::trippers::CustomTripper) judges them; [`Info`](crate::Info) has the current ones.
///
/// # Examples
///
/// ```
/// use std::{sync::mpsc, time::Duration};
/// use fluxgate::{CircuitBreaker, ManualClock, Signal, trippers::{MinRequests, SlowRate}};
///
/// let (clock, (sender, signals)) = (ManualClock::new(), mpsc::channel());
/// let breaker = CircuitBreaker::builder("search")
///     .tripper(MinRequests(4) & SlowRate(0.5, 2))
///     .listener(move |signal: &Signal| drop(sender.send(signal.clone())))
///     .clock(clock.clone())
///     .build()?;
/// for (seconds, result) in [(0, Ok(())), (0, Err("down")), (2, Ok(())), (3, Ok(()))] {
///     let _ = breaker.call(|| {
///         clock.advance(Duration::from_secs(seconds));
///         result
///     });
/// }
///
/// let signal = signals.recv().unwrap();
/// let metrics = signal.metrics();
/// assert_eq!((metrics.calls(), metrics.failures(), metrics.failure_rate()), (4, 1, Some(0.25)));
/// assert_eq!(metrics.slow_rate(Duration::from_secs(2)), Some(0.5));
/// assert_eq!(metrics.mean_latency(), None); // no `AvgLatency` asks for it
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) latency: Option<Latency>,
}

/// The figures about durations that a policy needs.
#[derive(Clone, Debug)]
pub(crate) struct Measures {
    /// The thresholds of all its `SlowRate` clauses, in ascending order.
    pub(crate) thresholds: Box<[Nanos]>,
    /// It needs the mean.
    pub(crate) mean: bool,
}

/// `None` for a policy that needs no durations.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    pub(crate) measures: Arc<Measures>,
    /// Zero for a policy that needs no mean.
    pub(crate) total: Total,
    pub(crate) slow: SlowCounts,
}

/// An exact sum of durations: 2^64 calls of 2^64 ns fit. It is stored in halves, because the alignment of a `u128` would
/// enlarge the types around it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Total {
    high: u64,
    low: u64,
}

impl Total {
    pub(crate) fn get(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    pub(crate) fn add(&mut self, sum: u128) {
        self.set(self.get() + sum);
    }

    fn set(&mut self, sum: u128) {
        [self.high, self.low] = [sum >> 64, sum & u128::from(u64::MAX)].map(|half| u64::try_from(half).unwrap_or(0)); // each fits
    }

    /// Never goes below zero, because a displaced duration was added before.
    pub(crate) fn exchange(&mut self, displaced: u128, duration: Nanos) {
        self.set(self.get() + u128::from(duration.0) - displaced);
    }
}

/// The number of calls that reached each threshold of the policy, in the order of the thresholds.
#[derive(Clone, Debug)]
pub(crate) enum SlowCounts {
    /// Enough for nearly every policy, so that a copy for a custom tripper allocates nothing.
    Few([u64; SlowCounts::FEW]),
    Many(Box<[u64]>),
}

impl SlowCounts {
    const FEW: usize = 2;

    fn none(thresholds: usize) -> Self {
        if thresholds <= Self::FEW {
            Self::Few([0; Self::FEW])
        } else {
            Self::Many(vec![0; thresholds].into_boxed_slice())
        }
    }

    pub(crate) fn get(&self, threshold: usize) -> u64 {
        match self {
            Self::Few(counts) => counts[threshold],
            Self::Many(counts) => counts[threshold],
        }
    }

    pub(crate) fn get_mut(&mut self, threshold: usize) -> &mut u64 {
        match self {
            Self::Few(counts) => &mut counts[threshold],
            Self::Many(counts) => &mut counts[threshold],
        }
    }
}

impl Metrics {
    /// Creates the figures of a window with this many calls and failures, without durations, for tests of custom
    /// components.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::Metrics;
    ///
    /// let threshold = Duration::from_secs(2);
    /// let metrics = Metrics::new(4, 1).with_slow_calls(threshold, 3).with_mean_latency(Duration::from_secs(5));
    /// assert_eq!(metrics.failure_rate(), Some(0.25));
    /// assert_eq!(metrics.slow_rate(threshold), Some(0.75));
    /// assert_eq!(metrics.mean_latency(), Some(Duration::from_secs(5)));
    /// ```
    pub fn new(calls: u64, failures: u64) -> Self {
        Self { calls, failures, latency: None }
    }

    /// Sets the number of calls that took `threshold` or longer.
    #[must_use]
    pub fn with_slow_calls(self, threshold: Duration, calls: u64) -> Self {
        let known = self.latency.as_ref().map(|latency| latency.measures.thresholds.to_vec());
        let mut thresholds = known.unwrap_or_default();
        let threshold = Nanos::from(threshold);
        let slow = |known: Nanos| if known == threshold { calls } else { self.slow(known) };
        if !thresholds.contains(&threshold) {
            thresholds.push(threshold);
            thresholds.sort_unstable();
        }
        let mut counts = SlowCounts::none(thresholds.len());
        for (index, known) in thresholds.iter().enumerate() {
            *counts.get_mut(index) = slow(*known);
        }
        let (mean, total) =
            self.latency.as_ref().map_or((false, Total::default()), |latency| (latency.measures.mean, latency.total));
        let measures = Arc::new(Measures { thresholds: thresholds.into(), mean });
        Self { latency: Some(Latency { measures, total, slow: counts }), ..self }
    }

    /// Sets the mean duration of the calls.
    #[must_use]
    pub fn with_mean_latency(self, mean: Duration) -> Self {
        let mut total = Total::default();
        total.set(u128::from(Nanos::from(mean).0) * u128::from(self.calls));
        let latency = match &self.latency {
            Some(Latency { measures, slow, .. }) => {
                let measures = Arc::new(Measures { thresholds: measures.thresholds.clone(), mean: true });
                Latency { measures, total, slow: slow.clone() }
            }
            None => Latency {
                measures: Arc::new(Measures { thresholds: Box::default(), mean: true }),
                total,
                slow: SlowCounts::none(0),
            },
        };
        Self { latency: Some(latency), ..self }
    }

    pub(crate) fn counting(measures: Option<&Arc<Measures>>) -> Self {
        let latency = measures.map(|measures| Latency {
            total: Total::default(),
            slow: SlowCounts::none(measures.thresholds.len()),
            measures: Arc::clone(measures),
        });
        Self { calls: 0, failures: 0, latency }
    }

    pub(crate) fn clear(&mut self) {
        self.calls = 0;
        self.failures = 0;
        if let Some(latency) = &mut self.latency {
            latency.total = Total::default();
            latency.slow = SlowCounts::none(latency.measures.thresholds.len());
        }
    }

    /// Returns `true` if no call of the window failed or was slow.
    pub(crate) fn is_flawless(&self) -> bool {
        let slow = |latency: &Latency| (0..latency.measures.thresholds.len()).any(|index| latency.slow.get(index) > 0);
        self.failures == 0 && !self.latency.as_ref().is_some_and(slow)
    }

    /// Returns the number of calls in the window.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the number of failed calls.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Returns failures / calls, from 0 to 1; `None` if the window is empty.
    pub fn failure_rate(&self) -> Option<f64> {
        ratio(self.failures, self.calls)
    }

    /// Returns the mean duration of the calls, including failed ones, rounded down to the nanosecond.
    ///
    /// `None` if the window is empty or the policy needs no mean, which only `AvgLatency` and a custom tripper do.
    pub fn mean_latency(&self) -> Option<Duration> {
        let latency = self.latency.as_ref().filter(|latency| latency.measures.mean)?;
        let mean = latency.total.get().checked_div(u128::from(self.calls))?;
        // The mean of `u64` values fits a `u64`.
        Some(Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    }

    /// Returns the share of calls that took `threshold` or longer, from 0 to 1. `None` if the window is empty or no `SlowRate` of
    /// the policy has this threshold.
    pub fn slow_rate(&self, threshold: Duration) -> Option<f64> {
        self.slow_rates().find_map(|(known, rate)| (known == threshold).then_some(rate))
    }

    /// Returns each threshold of the policy's `SlowRate` clauses with the share of calls that took this long or longer. Empty
    /// if the window is.
    pub fn slow_rates(&self) -> impl Iterator<Item = (Duration, f64)> + '_ {
        self.latency.iter().flat_map(move |latency| {
            latency.measures.thresholds.iter().enumerate().filter_map(move |(index, &threshold)| {
                Some((threshold.into(), ratio(latency.slow.get(index), self.calls)?))
            })
        })
    }

    /// Returns the number of calls that took `threshold` or longer, which is a threshold of the policy.
    pub(crate) fn slow(&self, threshold: Nanos) -> u64 {
        let counted = |latency: &Latency| {
            let index = latency.measures.thresholds.iter().position(|&known| known == threshold)?;
            Some(latency.slow.get(index))
        };
        self.latency.as_ref().and_then(counted).unwrap_or(0)
    }

    pub(crate) fn total_latency(&self) -> u128 {
        self.latency.as_ref().map_or(0, |latency| latency.total.get())
    }
}

impl PartialEq for Metrics {
    /// Compares the figures that can be read.
    fn eq(&self, other: &Self) -> bool {
        (self.calls, self.failures, self.mean_latency()) == (other.calls, other.failures, other.mean_latency())
            && self.slow_rates().eq(other.slow_rates())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Metrics {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Read {
            calls: u64,
            failures: u64,
            failure_rate: Option<f64>,
            #[serde(serialize_with = "serialized::slow_rates")]
            slow_rates: Vec<(Duration, f64)>,
            #[serde(serialize_with = "serialized::optional_seconds")]
            mean_latency: Option<Duration>,
        }

        let read = Read {
            calls: self.calls,
            failures: self.failures,
            failure_rate: self.failure_rate(),
            slow_rates: self.slow_rates().collect(),
            mean_latency: self.mean_latency(),
        };
        read.serialize(serializer)
    }
}

#[allow(clippy::cast_precision_loss, reason = "ratios are f64 divisions; counts stay far below 2^53")]
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
