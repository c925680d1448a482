//! A make-believe payment provider, and its outage.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use crate::PaymentError;

/// The health of the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Mood {
    Well,
    Failing,
    Hanging,
}

/// The time that a customer waits for an answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The outage, after which the provider is well for good.
const OUTAGE: [(Mood, Duration); 3] = [
    (Mood::Well, Duration::from_secs(3)),
    (Mood::Failing, Duration::from_millis(2_500)),
    (Mood::Hanging, Duration::from_millis(2_500)),
];

#[derive(Clone)]
pub(crate) struct Provider {
    mood: Arc<AtomicU8>,
}

impl Provider {
    /// Starts the provider and its outage.
    pub(crate) fn start(tell: impl Fn(Mood) + Send + 'static) -> Self {
        let provider = Self { mood: Arc::new(AtomicU8::new(Mood::Well as u8)) };
        let mood = Arc::clone(&provider.mood);
        let change = move |next: Mood| {
            mood.store(next as u8, Ordering::Relaxed);
            tell(next);
        };
        thread::spawn(move || {
            for (mood, duration) in OUTAGE {
                change(mood);
                thread::sleep(duration);
            }
            change(Mood::Well);
        });
        provider
    }

    /// Charges a card.
    pub(crate) fn charge(&self) -> Result<(), PaymentError> {
        let wait = |milliseconds| thread::sleep(Duration::from_millis(milliseconds));
        match self.mood.load(Ordering::Relaxed) {
            mood if mood == Mood::Well as u8 => {
                wait(fastrand::u64(10..30));
                if fastrand::u8(..) < 8 { Err(PaymentError::Declined) } else { Ok(()) }
            }
            mood if mood == Mood::Failing as u8 => {
                wait(fastrand::u64(100..300));
                Err(PaymentError::Unavailable)
            }
            _ => {
                thread::sleep(PATIENCE);
                Err(PaymentError::TimedOut)
            }
        }
    }
}
