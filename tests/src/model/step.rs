//! What may happen to a breaker, decoded from a number, so that whatever proptest makes of the number is a step.

use super::{Nanos, SECOND};

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A call that is made, takes so long, and ends.
    Call {
        /// How.
        end: End,
        /// How long it takes.
        takes: Nanos,
    },
    /// A call that makes another one, which takes so long.
    Nested {
        /// How the call ends.
        outer: End,
        /// How the one inside it ends.
        inner: End,
        /// How long the one inside it takes.
        takes: Nanos,
    },
    /// A call that begins.
    Begin(Way),
    /// One of those in flight ends; which, modulo their number.
    End(usize, End),
    /// One of those in flight is forgotten.
    Forget(usize),
    /// Time passes.
    Pass(Jump),
    /// A command.
    Order(Order),
    /// Shadow mode is switched.
    Shadow(bool),
    /// Every figure is looked at.
    Look,
}

/// How a call is made that others may overlap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// `try_acquire`.
    ByHand,
    /// `call_async`, polled once.
    Async,
}

/// How a call ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "named as the outcomes are")]
pub enum End {
    Success,
    Failure,
    Ignored,
    Cancelled,
    Panic,
}

/// A command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "named as the methods are")]
pub enum Order {
    Reset,
    Disable,
    MetricsOnly,
    ForceOpen,
}

/// How far the clock goes.
#[derive(Clone, Copy, Debug)]
pub enum Jump {
    /// So many nanoseconds.
    By(Nanos),
    /// To the beginning of the next second, or so many nanoseconds before or after it.
    Second(i8),
    /// To the moment that the retry is due, or so many nanoseconds before or after it.
    Due(i8),
    /// To the moment that the oldest probe has hung for long enough, or so many nanoseconds before or after it.
    Hung(i8),
}

/// A number that choices are taken from, one after the other.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: u64) -> u64 {
        let choice = self.0 % end;
        self.0 /= end;
        choice
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).expect("an index")]
    }
}

impl Step {
    /// The step that this number stands for. Small numbers stand for plain steps.
    pub fn decode(number: u64) -> Self {
        let mut choices = Choices(number);
        match choices.below(64) {
            0..=2 => {
                let ends = [End::Success, End::Failure, End::Ignored, End::Panic];
                let (outer, inner) = (choices.of(&ends), choices.of(&ends));
                Self::Nested { outer, inner, takes: choices.of(&[0, 1, SECOND / 4, SECOND, 4 * SECOND]) }
            }
            3..=19 => {
                let end =
                    choices.of(&[End::Success, End::Failure, End::Success, End::Failure, End::Ignored, End::Panic]);
                let takes = choices.of(&[0, 0, 0, 1, SECOND / 4, SECOND / 2 - 1, SECOND / 2, SECOND, 2 * SECOND]);
                Self::Call { end, takes }
            }
            20..=26 => Self::Begin(Way::ByHand),
            27..=31 => Self::Begin(Way::Async),
            32..=43 => {
                let ends = [End::Success, End::Failure, End::Success, End::Cancelled, End::Ignored, End::Panic];
                let end = choices.of(&ends);
                Self::End(usize::try_from(choices.below(64)).expect("small"), end)
            }
            44 if choices.below(4) == 0 => Self::Forget(usize::try_from(choices.below(64)).expect("small")),
            44..=57 => Self::Pass(Jump::decode(&mut choices)),
            58 | 59 => Self::Look,
            60 | 61 => {
                let reset = Order::Reset;
                Self::Order(choices.of(&[reset, Order::MetricsOnly, reset, Order::Disable, reset, Order::ForceOpen]))
            }
            62 => Self::Shadow(choices.below(3) == 0),
            _ => Self::Order(Order::Reset),
        }
    }
}

impl Jump {
    fn decode(choices: &mut Choices) -> Self {
        const YEAR: Nanos = 365 * 86_400 * SECOND;
        let near = |choices: &mut Choices| choices.of(&[0, -1, 1]);
        match choices.below(16) {
            0 => Self::By(0),
            1 => Self::By(1),
            2..=5 => Self::By(choices.of(&[1, 2, 3, 4, 8, 12, 20]) * (SECOND / 4)),
            6..=8 => Self::Second(near(choices)),
            9..=12 => Self::Due(near(choices)),
            13 | 14 => Self::Hung(near(choices)),
            _ => Self::By(match choices.below(128) {
                0 => Nanos::MAX,
                1..=3 => 100 * YEAR,
                4..=10 => YEAR,
                _ => 60 * SECOND,
            }),
        }
    }
}
