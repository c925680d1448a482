use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "keyed")]
use std::sync::Arc;

use parking_lot::Mutex;

#[cfg(feature = "keyed")]
use super::sets::{self, SetChange};
use super::{
    Configuration, PolicyConfig,
    configure_error::ConfigureError,
    names::{Mistakes, Names},
};
#[cfg(feature = "keyed")]
use crate::keyed::{Aftermath, Family};
use crate::{breaker::CircuitBreaker, breaker::set_policy::Replaced, error::PolicyError, policy::Policy, registry};

static CONFIGURED: Mutex<Configured> = Mutex::new(Configured {
    last: None,
    breakers: BTreeMap::new(),
    #[cfg(feature = "keyed")]
    sets: BTreeMap::new(),
});

struct Configured {
    /// What holds.
    last: Option<Configuration>,
    /// What breakers went by before a configuration changed it, by their place in the registry.
    breakers: BTreeMap<u64, Before>,
    /// The same of sets.
    #[cfg(feature = "keyed")]
    sets: BTreeMap<u64, sets::Before>,
}

/// What a breaker is without a configuration.
#[derive(Clone)]
struct Before {
    policy: Policy,
    /// Known where a configuration has changed it.
    shadow: Option<bool>,
}

/// What a configuration makes of a breaker.
struct Change {
    breaker: CircuitBreaker,
    before: Before,
    policy: Policy,
    /// `None` leaves it as it is.
    shadow: Option<bool>,
    /// Whether the configuration names the breaker. If not, it did before.
    named: bool,
}

/// Gives breakers the policies of a configuration, by name: those declared by the macros, and all others that are there
/// now. Each keeps its state, and calls in flight go on: see [`CircuitBreaker::set_policy`].
///
/// A [set](crate::keyed) is a name like any other: what is said of it holds for all of its breakers, those that are made
/// later too. A single one of them may be named beside it, `per_host{api.example.com}`, whether its key has come yet or
/// not; it then goes by its own entry over the set's policy in the program.
///
/// What the configuration does not say stays as the program has it, so a program's policies are the defaults of its
/// file. A breaker that a former configuration named and this one does not goes back to its own policy, and so does a
/// single key: the result depends on the program and the last configuration alone. A breaker whose policy comes out as it
/// is already is left alone, window and all.
///
/// Everything is checked first. After an error, nothing has changed. Of several breakers of one name, all are changed.
/// One that is made by hand later begins with its own policy, unless its builder is told otherwise by
/// [`Builder::configured`](crate::Builder::configured).
///
/// # Errors
///
/// Names that no breaker and no set has and that are not [expected](Configuration::expecting), and policies that can't
/// work together with what the program says.
///
/// # Examples
///
/// ```
/// use fluxgate::{CircuitBreaker, State, configure, trippers::FailureStreak};
///
/// let breaker = CircuitBreaker::builder("payment_api").tripper(FailureStreak(20)).build()?;
/// configure(&toml::from_str(r#"
///     [breakers.payment_api]
///     tripper = "FailureStreak(1)"
/// "#)?)?;
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// assert_eq!(breaker.info().state, State::Open);
///
/// let error = configure(&toml::from_str("breakers.paymentapi.shadow = true")?).unwrap_err();
/// assert_eq!(error.to_string(), "no breaker is named `paymentapi`; did you mean `payment_api`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn configure(configuration: &Configuration) -> Result<(), ConfigureError> {
    // The policies of the program are the user's own, and so may be what is dropped and who is told: with nothing locked.
    registry::make_declared();
    #[cfg(all(feature = "keyed", feature = "macros"))]
    crate::keyed::make_declared();

    let mut configured = CONFIGURED.lock();
    // Listed under the lock: a breaker of `Builder::configured` that is not listed yet finds this configuration.
    let living = Living::now();
    let gone = configured.forget(&living);
    let changes = Changes::of(configuration, &living, &configured);
    let made = changes.map(|changes| {
        let made = changes.make(&mut configured);
        let last = configured.last.replace(configuration.clone());
        (made, changes, last)
    });
    drop(configured);
    drop(gone);
    let (made, changes, _last) = made.map_err(|mistakes| mistakes.explained(&living.names(configuration)))?;
    made.conclude();
    changes.breakers.iter().for_each(|change| change.breaker.notify_listeners());
    Ok(())
}

/// What a configuration may name, kept until nothing is locked.
struct Living {
    breakers: Vec<CircuitBreaker>,
    #[cfg(feature = "keyed")]
    sets: Vec<Arc<Family>>,
}

impl Living {
    fn now() -> Self {
        Self {
            breakers: crate::breaker::place::singles(),
            #[cfg(feature = "keyed")]
            sets: Family::all(),
        }
    }

    fn names<'p>(&'p self, configuration: &'p Configuration) -> Names<'p> {
        Names {
            breakers: self.breakers.iter().map(CircuitBreaker::name).collect(),
            #[cfg(feature = "keyed")]
            sets: self.sets.iter().map(|family| family.name().as_str()).collect(),
            expected: configuration.expected(),
        }
    }
}

/// What is known of breakers and sets that are gone.
struct Gone {
    _breakers: Vec<Before>,
    #[cfg(feature = "keyed")]
    _sets: Vec<sets::Before>,
}

impl Configured {
    fn forget(&mut self, living: &Living) -> Gone {
        fn gone<B>(known: &mut BTreeMap<u64, B>, living: impl Iterator<Item = u64>) -> Vec<B> {
            let living: BTreeSet<u64> = living.collect();
            let gone: Vec<u64> = known.keys().copied().filter(|id| !living.contains(id)).collect();
            gone.iter().filter_map(|id| known.remove(id)).collect()
        }
        Gone {
            _breakers: gone(&mut self.breakers, living.breakers.iter().map(|breaker| breaker.shared.place.id)),
            #[cfg(feature = "keyed")]
            _sets: gone(&mut self.sets, living.sets.iter().map(|family| family.id())),
        }
    }
}

/// All that is to be changed.
struct Changes {
    breakers: Vec<Change>,
    #[cfg(feature = "keyed")]
    sets: Vec<SetChange>,
}

/// What is to be done with nothing locked.
struct Made {
    replaced: Vec<(Option<Before>, Option<Replaced>)>,
    #[cfg(feature = "keyed")]
    sets: Vec<(Option<sets::Before>, Aftermath)>,
}

impl Made {
    fn conclude(self) {
        drop(self.replaced);
        #[cfg(feature = "keyed")]
        self.sets.into_iter().for_each(|(_, aftermath)| aftermath.conclude());
    }
}

impl Changes {
    /// If nothing is wrong with them.
    fn of(configuration: &Configuration, living: &Living, configured: &Configured) -> Result<Self, Mistakes> {
        let names = living.names(configuration);
        let mut mistakes = Mistakes::default();
        for name in configuration.breakers.keys() {
            mistakes.name(name, &names);
        }
        let mut changes = Vec::new();
        for breaker in &living.breakers {
            let known = configured.breakers.get(&breaker.shared.place.id);
            let config = configuration.of(breaker.name());
            if known.is_none() && config.is_none() {
                continue;
            }
            let change = Change::of(breaker.clone(), known, config.as_ref());
            mistakes.policy(breaker.name(), &change.policy);
            changes.push(change);
        }
        #[cfg(feature = "keyed")]
        let sets = sets::changes(configuration, &living.sets, &configured.sets, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self {
            breakers: changes,
            #[cfg(feature = "keyed")]
            sets,
        })
    }

    fn make(&self, configured: &mut Configured) -> Made {
        Made {
            replaced: self.breakers.iter().map(|change| change.make(&mut configured.breakers)).collect(),
            #[cfg(feature = "keyed")]
            sets: self.sets.iter().map(|change| change.make(&mut configured.sets)).collect(),
        }
    }
}

impl Change {
    fn of(breaker: CircuitBreaker, known: Option<&Before>, config: Option<&PolicyConfig>) -> Self {
        let mut before = known.cloned().unwrap_or_else(|| Before { policy: breaker.policy(), shadow: None });
        let policy = before.policy.clone();
        let policy = config.map_or_else(|| policy.clone(), |config| config.over(policy.clone()));
        let said = config.and_then(|config| config.shadow);
        let shadow = said.or(before.shadow);
        // Once it is no longer said, and was put back, it is the program's own again.
        before.shadow = said.map(|_| before.shadow.unwrap_or_else(|| breaker.info().shadow));
        Self { breaker, before, policy, shadow, named: config.is_some() }
    }

    /// Returns what is to be dropped with nothing locked.
    fn make(&self, overridden: &mut BTreeMap<u64, Before>) -> (Option<Before>, Option<Replaced>) {
        let id = self.breaker.shared.place.id;
        let known = if self.named { overridden.insert(id, self.before.clone()) } else { overridden.remove(&id) };
        if let Some(shadow) = self.shadow {
            self.breaker.set_shadow(shadow);
        }
        let changes = self.breaker.policy() != self.policy;
        // It was checked.
        let adopt = || self.breaker.adopt(self.policy.clone()).unwrap_or_else(|error| unreachable!("{error}"));
        (known, changes.then(adopt))
    }
}

/// What the configuration that holds says of a breaker that is about to be made.
pub(crate) fn said_of(name: &str) -> Option<PolicyConfig> {
    CONFIGURED.lock().last.as_ref()?.of(name)
}

/// Checks the policy that comes out for a breaker.
pub(crate) fn check(name: &str, policy: &Policy) -> Result<(), PolicyError> {
    let mut mistakes = Mistakes::default();
    mistakes.policy(name, policy);
    mistakes.none().map_err(ConfigureError::of_policy)
}

/// Lets a breaker that was made by what [`said_of`] it go by the configuration that holds now, which may be another, and
/// by `policy` and `shadow`, which are the program's, where that does not speak of it.
pub(crate) fn begin(breaker: &CircuitBreaker, policy: Policy, shadow: bool) -> Result<(), PolicyError> {
    let before = Before { policy, shadow: Some(shadow) };
    let mut configured = CONFIGURED.lock();
    let config = configured.last.as_ref().and_then(|last| last.of(breaker.name()));
    let change = Change::of(breaker.clone(), Some(&before), config.as_ref());
    check(breaker.name(), &change.policy)?;
    let replaced = change.make(&mut configured.breakers);
    drop(configured);
    drop(replaced);
    breaker.notify_listeners();
    Ok(())
}

/// The same for a set, which nobody has asked for a breaker yet.
#[cfg(feature = "keyed")]
pub(crate) fn begin_set(family: &Arc<Family>) -> Result<(), PolicyError> {
    let mut configured = CONFIGURED.lock();
    let Some(last) = &configured.last else { return Ok(()) };
    let mut mistakes = Mistakes::default();
    let changes = sets::changes(last, std::slice::from_ref(family), &configured.sets, &mut mistakes);
    mistakes.none().map_err(ConfigureError::of_policy)?;
    let aftermath: Vec<_> = changes.iter().map(|change| change.make(&mut configured.sets)).collect();
    drop(configured);
    for (_, aftermath) in aftermath {
        aftermath.conclude();
    }
    Ok(())
}
