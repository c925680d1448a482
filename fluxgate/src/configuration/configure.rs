use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error as StdError,
    fmt,
};

use fluxgate_policy::nearest;
use parking_lot::Mutex;

use super::{
    Configuration, PolicyConfig,
    place::{Place, listed},
};
use crate::{breaker::CircuitBreaker, policy::Policy, policy_change::Replaced, registry};

/// What breakers went by before a configuration changed it, by their place in the registry.
static OVERRIDDEN: Mutex<BTreeMap<u64, Before>> = Mutex::new(BTreeMap::new());

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
/// What the configuration does not say stays as the program has it, so a program's policies are the defaults of its
/// file. A breaker that a former configuration named and this one does not goes back to its own policy, and so does a
/// single key: the result depends on the program and the last configuration alone. A breaker whose policy comes out as it
/// is already is left alone, window and all.
///
/// Everything is checked first. After an error, nothing has changed. Of several breakers of one name, all are changed.
/// One that is made later begins with its own policy; call this again after it.
///
/// # Errors
///
/// Names that no breaker has, and policies that can't work together with what the program says.
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
    let breakers = registry::registry();
    let mut overridden = OVERRIDDEN.lock();
    let living: BTreeSet<u64> = breakers.iter().map(|breaker| breaker.shared.place.id).collect();
    let gone: Vec<u64> = overridden.keys().copied().filter(|id| !living.contains(id)).collect();
    let gone: Vec<_> = gone.iter().map(|id| overridden.remove(id)).collect();
    let changes = changes(configuration, breakers, &overridden);
    let replaced: Vec<_> = changes.iter().flatten().map(|change| change.make(&mut overridden)).collect();
    drop(overridden);
    // What is dropped and who is told may be the user's own, and configure too.
    drop((gone, replaced));
    changes?.iter().for_each(|change| change.breaker.tell());
    Ok(())
}

/// All that is to be changed, if nothing is wrong with it.
fn changes(
    configuration: &Configuration,
    breakers: Vec<CircuitBreaker>,
    overridden: &BTreeMap<u64, Before>,
) -> Result<Vec<Change>, ConfigureError> {
    let names: BTreeSet<String> = breakers.iter().map(|breaker| breaker.name().to_owned()).collect();
    let mut error = ConfigureError { mistakes: Vec::new(), unknown: Vec::new() };
    for name in configuration.breakers.keys().filter(|name| !names.contains(*name)) {
        error.mistakes.push(unknown(name, &names));
        error.unknown.push(name.clone());
    }
    let mut changes = Vec::new();
    for breaker in breakers {
        let known = overridden.get(&breaker.shared.place.id);
        let config = configuration.of(breaker.name());
        if known.is_none() && config.is_none() {
            continue;
        }
        let change = Change::of(breaker, known, config.as_ref());
        if let Err(mistakes) = change.policy.check() {
            let place = Place::Breaker(change.breaker.name());
            for mistake in mistakes.mistakes().iter().map(|mistake| place.mistake(mistake)) {
                // Breakers of one name have the same mistakes.
                if !error.mistakes.contains(&mistake) {
                    error.mistakes.push(mistake);
                }
            }
        }
        changes.push(change);
    }
    if error.mistakes.is_empty() { Ok(changes) } else { Err(error) }
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

    fn make(&self, overridden: &mut BTreeMap<u64, Before>) -> Option<Replaced> {
        let id = self.breaker.shared.place.id;
        if self.named {
            overridden.insert(id, self.before.clone());
        } else {
            overridden.remove(&id);
        }
        if let Some(shadow) = self.shadow {
            self.breaker.set_shadow(shadow);
        }
        let changes = self.breaker.policy() != self.policy;
        // It was checked.
        changes.then(|| self.breaker.adopt(self.policy.clone()).unwrap_or_else(|error| unreachable!("{error}")))
    }
}

fn unknown(name: &str, names: &BTreeSet<String>) -> String {
    /// A list of more than these is no help.
    const SHOWN: usize = 10;

    let known = names.iter().map(String::as_str);
    match nearest(name, known.clone()) {
        Some(near) => format!("no breaker is named `{name}`; did you mean `{near}`?"),
        None if names.is_empty() => format!("no breaker is named `{name}`, for there is none yet"),
        None => {
            let more = names.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("no breaker is named `{name}`; there are {}{more}", listed(known.take(SHOWN)))
        }
    }
}

/// A configuration that does not fit the breakers of the program: every mistake found in it. Nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigureError {
    mistakes: Vec<String>,
    unknown: Vec<String>,
}

impl ConfigureError {
    /// Each mistake, as it is to be shown to whoever wrote the file. It names the breaker.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    /// The names that no breaker has. A file that several programs share may have them; a program can take them out of
    /// the configuration, and try again.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.mistakes.join("\n"))
    }
}

impl StdError for ConfigureError {}
