//! The names and labels in use. Look-ups take constant time, and so does the work under each lock, but for a map that
//! grows.

use std::{
    array,
    collections::{BTreeMap, HashMap, hash_map::RandomState},
    hash::BuildHasher,
    num::NonZeroU64,
    sync::{
        Arc, LazyLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    breaker::{CircuitBreaker, Shared},
    name::Name,
    user_code,
};

/// The number of maps that the texts are spread over, so that growing one under its lock takes only microseconds.
const SHARDS: usize = 64;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

static TEXTS: LazyLock<Texts> =
    LazyLock::new(|| Texts { hasher: RandomState::new(), shards: array::from_fn(|_| Mutex::default()) });

/// The uses of each text, as a name or a label.
struct Texts {
    hasher: RandomState,
    shards: [Mutex<HashMap<Name, Uses>>; SHARDS],
}

/// The uses of one text.
struct Uses {
    named: Named,
    /// The id of the breaker or set with this label. Labels are unique.
    labelled: Option<NonZeroU64>,
}

/// The breakers and sets of one name. The `Weak` of a set, and of a breaker that is not complete yet, is dangling.
enum Named {
    Unused,
    One(u64, Weak<Shared>),
    Many(Box<Namesakes>),
}

struct Namesakes {
    /// By id, which is the order of creation.
    living: BTreeMap<u64, Weak<Shared>>,
    /// The last number assigned to one of them, where the search for the next free one starts.
    last_number: u64,
}

impl Texts {
    /// Runs `act` on the uses of a text, if it has any, and removes the text if it has none afterwards.
    fn with<R>(&self, text: &str, act: impl FnOnce(&mut Uses) -> R) -> Option<R> {
        let mut shard = self.shard(text).lock();
        let uses = shard.get_mut(text)?;
        let result = act(uses);
        if matches!(uses.named, Named::Unused) && uses.labelled.is_none() {
            shard.remove(text);
        }
        Some(result)
    }

    /// Runs `act` on the uses of a text, which may be none yet.
    fn with_new<R>(&self, text: &Name, act: impl FnOnce(&mut Uses) -> R) -> R {
        let mut shard = self.shard(text.as_str()).lock();
        act(shard.entry(text.clone()).or_insert(Uses { named: Named::Unused, labelled: None }))
    }

    fn shard(&self, text: &str) -> &Mutex<HashMap<Name, Uses>> {
        #[allow(clippy::cast_possible_truncation, reason = "some bits of the hash are enough")]
        let hash = self.hasher.hash_one(text) as usize;
        &self.shards[hash % SHARDS]
    }
}

impl Named {
    /// Adds a breaker or set. Returns `true` if it is the second one.
    fn add(&mut self, id: u64) -> bool {
        match self {
            Self::Unused => *self = Self::One(id, Weak::new()),
            Self::One(first, breaker) => {
                let living = BTreeMap::from([(*first, breaker.clone()), (id, Weak::new())]);
                *self = Self::Many(Box::new(Namesakes { living, last_number: 1 }));
                return true;
            }
            Self::Many(namesakes) => drop(namesakes.living.insert(id, Weak::new())),
        }
        false
    }

    fn remove(&mut self, id: u64) {
        match self {
            Self::One(only, _) if *only == id => *self = Self::Unused,
            Self::Many(namesakes) => {
                namesakes.living.remove(&id);
                if namesakes.living.is_empty() {
                    *self = Self::Unused;
                }
            }
            Self::Unused | Self::One(..) => {}
        }
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Weak<Shared>> {
        match self {
            Self::One(only, breaker) if *only == id => Some(breaker),
            Self::Many(namesakes) => namesakes.living.get_mut(&id),
            Self::Unused | Self::One(..) => None,
        }
    }

    /// Returns the next number for a label.
    fn next_number(&mut self) -> u64 {
        match self {
            Self::Many(namesakes) => {
                namesakes.last_number += 1;
                namesakes.last_number
            }
            // The name is unique, but is also the label of another breaker.
            Self::Unused | Self::One(..) => 2,
        }
    }

    /// Returns the first one that was created after `id`. Upgrade it only when no lock is held: dropping the last handle
    /// takes the lock.
    fn after(&self, id: u64) -> Option<(u64, Weak<Shared>)> {
        match self {
            Self::One(only, breaker) if *only > id => Some((*only, breaker.clone())),
            Self::Many(namesakes) => {
                namesakes.living.range(id + 1..).next().map(|(id, breaker)| (*id, breaker.clone()))
            }
            Self::Unused | Self::One(..) => None,
        }
    }
}

/// Reserves a name for a new breaker or set. Returns its id and its label.
pub(super) fn reserve(name: &Name) -> (u64, Name) {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let (is_second, mut is_labelled) = TEXTS.with_new(name, |uses| (uses.named.add(id), uses.label(id)));
    let (mut label, mut number) = (name.clone(), 1);
    while !is_labelled {
        number = TEXTS.with(name.as_str(), |uses| uses.named.next_number()).unwrap_or_default().max(number + 1);
        label = format!("{name}#{number}").into();
        is_labelled = TEXTS.with_new(&label, |uses| uses.label(id));
    }
    if is_second {
        user_code::log(|| {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                target: "fluxgate",
                breaker = name.as_str(),
                label = label.as_str(),
                "two circuit breakers have the same name; `fluxgate::get` returns the first"
            );
        });
    }
    (id, label)
}

impl Uses {
    /// Makes the text the label of `id`, if it is free.
    fn label(&mut self, id: u64) -> bool {
        let is_free = self.labelled.is_none();
        if is_free {
            self.labelled = NonZeroU64::new(id);
        }
        is_free
    }
}

/// Makes a breaker available to look-ups by name.
pub(super) fn enter(id: u64, name: &str, breaker: &Arc<Shared>) {
    TEXTS.with(name, |uses| {
        if let Some(named) = uses.named.get_mut(id) {
            *named = Arc::downgrade(breaker);
        }
    });
}

/// Releases a name and a label for others.
pub(super) fn release(id: u64, name: &str, label: &str) {
    TEXTS.with(name, |uses| uses.named.remove(id));
    TEXTS.with(label, |uses| {
        if uses.labelled == NonZeroU64::new(id) {
            uses.labelled = None;
        }
    });
}

/// Returns the first breaker of this name that satisfies `is_shown`, in the order of creation.
pub(crate) fn by_name(name: &str, is_shown: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
    let mut last = 0;
    loop {
        let (id, breaker) = TEXTS.with(name, |uses| uses.named.after(last))??;
        if let Some(breaker) = CircuitBreaker::upgrade(&breaker).filter(&is_shown) {
            return Some(breaker);
        }
        last = id;
    }
}

/// Returns the breaker with a numbered label, such as `payment_api#2`.
pub(crate) fn by_label(label: &str, is_shown: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
    let (name, _) = label.rsplit_once('#')?;
    let id = TEXTS.with(label, |uses| uses.labelled)??.get();
    let labelled = TEXTS.with(name, |uses| uses.named.get_mut(id).map(|breaker| breaker.clone()))??;
    CircuitBreaker::upgrade(&labelled).filter(is_shown)
}
