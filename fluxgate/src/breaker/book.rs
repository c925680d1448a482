//! Who has which name: constant time to look up, and no lock that grows with the number of breakers.

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

/// Among so many locks the names are spread, so that growing one of the maps under its lock takes no more than some
/// microseconds.
const SHARDS: usize = 64;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

static TEXTS: LazyLock<Texts> =
    LazyLock::new(|| Texts { hasher: RandomState::new(), shards: array::from_fn(|_| Mutex::default()) });

/// By name and by label.
struct Texts {
    hasher: RandomState,
    shards: [Mutex<HashMap<Name, Uses>>; SHARDS],
}

/// What one text is used for.
struct Uses {
    named: Named,
    /// Whose label it is. No two breakers have the same.
    labelled: Option<NonZeroU64>,
}

/// The breakers and sets of one name. The `Weak` of a set, and of a breaker that is being made, is a dangling one.
enum Named {
    Nobody,
    One(u64, Weak<Shared>),
    Many(Box<Namesakes>),
}

struct Namesakes {
    /// By id, which is the order in which they were made.
    living: BTreeMap<u64, Weak<Shared>>,
    /// The last number that one of them was given, so that the next need not look for a free one from the start.
    last: u64,
}

impl Texts {
    /// Does something with the uses of a text, and forgets the text if it has none afterwards.
    fn with<R>(&self, text: &str, act: impl FnOnce(&mut Uses) -> R) -> Option<R> {
        let mut shard = self.shard(text).lock();
        let uses = shard.get_mut(text)?;
        let result = act(uses);
        if matches!(uses.named, Named::Nobody) && uses.labelled.is_none() {
            shard.remove(text);
        }
        Some(result)
    }

    fn with_new<R>(&self, text: &Name, act: impl FnOnce(&mut Uses) -> R) -> R {
        let mut shard = self.shard(text.as_str()).lock();
        act(shard.entry(text.clone()).or_insert(Uses { named: Named::Nobody, labelled: None }))
    }

    fn shard(&self, text: &str) -> &Mutex<HashMap<Name, Uses>> {
        #[allow(clippy::cast_possible_truncation, reason = "some bits of the hash are enough")]
        let hash = self.hasher.hash_one(text) as usize;
        &self.shards[hash % SHARDS]
    }
}

impl Named {
    /// Whether there is another one already.
    fn add(&mut self, id: u64) -> bool {
        match self {
            Self::Nobody => *self = Self::One(id, Weak::new()),
            Self::One(first, breaker) => {
                let living = BTreeMap::from([(*first, breaker.clone()), (id, Weak::new())]);
                *self = Self::Many(Box::new(Namesakes { living, last: 1 }));
                return true;
            }
            Self::Many(namesakes) => drop(namesakes.living.insert(id, Weak::new())),
        }
        false
    }

    fn remove(&mut self, id: u64) {
        match self {
            Self::One(only, _) if *only == id => *self = Self::Nobody,
            Self::Many(namesakes) => {
                namesakes.living.remove(&id);
                if namesakes.living.is_empty() {
                    *self = Self::Nobody;
                }
            }
            Self::Nobody | Self::One(..) => {}
        }
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Weak<Shared>> {
        match self {
            Self::One(only, breaker) if *only == id => Some(breaker),
            Self::Many(namesakes) => namesakes.living.get_mut(&id),
            Self::Nobody | Self::One(..) => None,
        }
    }

    /// The next number to tell namesakes apart by.
    fn next_number(&mut self) -> u64 {
        match self {
            Self::Many(namesakes) => {
                namesakes.last += 1;
                namesakes.last
            }
            // A single one whose name is another's label.
            Self::Nobody | Self::One(..) => 2,
        }
    }

    /// Returns the first that was made after `id`. A handle is made of it when no lock is held.
    fn after(&self, id: u64) -> Option<(u64, Weak<Shared>)> {
        match self {
            Self::One(only, breaker) if *only > id => Some((*only, breaker.clone())),
            Self::Many(namesakes) => {
                namesakes.living.range(id + 1..).next().map(|(id, breaker)| (*id, breaker.clone()))
            }
            Self::Nobody | Self::One(..) => None,
        }
    }
}

/// Reserves a name for a breaker that is being made, or for a set. Returns its id and its label.
pub(super) fn reserve(name: &Name) -> (u64, Name) {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let (is_second, mut is_free) = TEXTS.with_new(name, |uses| (uses.named.add(id), uses.label(id)));
    let (mut label, mut number) = (name.clone(), 1);
    while !is_free {
        number = TEXTS.with(name.as_str(), |uses| uses.named.next_number()).unwrap_or_default().max(number + 1);
        label = format!("{name}#{number}").into();
        is_free = TEXTS.with_new(&label, |uses| uses.label(id));
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
    /// Makes it the label of `id`, if it is nobody's.
    fn label(&mut self, id: u64) -> bool {
        let is_free = self.labelled.is_none();
        if is_free {
            self.labelled = NonZeroU64::new(id);
        }
        is_free
    }
}

/// Makes a breaker available to look-ups by its name.
pub(super) fn enter(id: u64, name: &str, breaker: &Arc<Shared>) {
    TEXTS.with(name, |uses| {
        if let Some(named) = uses.named.get_mut(id) {
            *named = Arc::downgrade(breaker);
        }
    });
}

/// Releases the name and the label for others.
pub(super) fn release(id: u64, name: &str, label: &str) {
    TEXTS.with(name, |uses| uses.named.remove(id));
    TEXTS.with(label, |uses| {
        if uses.labelled == NonZeroU64::new(id) {
            uses.labelled = None;
        }
    });
}

/// Returns the first breaker of this name that was made, of those of which `is_shown` holds.
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

/// Returns the breaker that metrics and the log call `name#2`, or another number.
pub(crate) fn by_label(label: &str, is_shown: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
    let (name, _) = label.rsplit_once('#')?;
    let id = TEXTS.with(label, |uses| uses.labelled)??.get();
    let labelled = TEXTS.with(name, |uses| uses.named.get_mut(id).map(|breaker| breaker.clone()))??;
    CircuitBreaker::upgrade(&labelled).filter(is_shown)
}
