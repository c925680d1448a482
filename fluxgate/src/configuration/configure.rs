#[cfg(feature = "keyed")]
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Configuration, PolicyEntry, Unmatched, configure_error::ConfigureError, names::Names};
#[cfg(feature = "keyed")]
use crate::keyed::{Aftermath, SetCore};
use crate::{
    breaker::{
        CircuitBreaker,
        overrides::{Applied, Current, OVERRIDES, Override, Overrides},
        place,
    },
    policy::{Policy, serde::Place},
    registry,
};

/// Applies a configuration to the breakers of the program, by name: those that exist, those that the macros declare, and
/// those that are built later.
///
/// Each breaker keeps its state, and calls in flight continue: see [`CircuitBreaker::set_policy`]. A breaker whose policy
/// stays the same is not touched.
///
/// # Precedence
///
/// Settings apply to a breaker in this order: its own entry; the entry of its [set](crate::keyed); `default`; the program. A
/// single breaker of a set is named with its key, `per_host{api.example.com}`, even if the key has not been used yet. Of
/// several breakers with one name, all are changed.
///
/// The result depends on the program and the last configuration only: a setting that the last configuration does not have is
/// as in the program.
///
/// # States
///
/// `state = "disabled"`, `"forced_open"` or `"metrics_only"` is a kill switch. Each call of `configure` sets the state, also
/// after a command. A command in between holds until the next call. A configuration without it resets the breakers that are
/// still in the state that the former one has set. A breaker that is in a state by configuration is [saved](crate::save()) as
/// `closed`. The reason of these transitions is [`Reason::Configured`](crate::Reason::Configured).
///
/// # Breakers that are built later
///
/// They begin as configured. If a policy does not fit with the program's part of it, the log says so, and the breaker keeps
/// the program's policy. Names that match no breaker yet are returned, and logged with the nearest known name.
///
/// # Errors
///
/// Policies that do not fit with the program's part of them. All breakers are checked first: after an error nothing has
/// changed.
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
/// let unmatched = configure(&toml::from_str("breakers.paymentapi.state = 'disabled'")?)?;
/// assert_eq!(unmatched.to_string(), "no breaker is named `paymentapi`; did you mean `payment_api`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn configure(configuration: &Configuration) -> Result<Unmatched, ConfigureError> {
    // With nothing locked, because the expressions of declarations are user code.
    registry::make_declared();
    #[cfg(all(feature = "keyed", feature = "macros"))]
    crate::keyed::make_declared();

    // Kept until nothing is locked, because dropping a last handle may run user code.
    let (known, mut living) = (Living::now(), None);
    let changed = OVERRIDES.try_change(
        |_| {
            known.check(configuration)?;
            let overrides: Arc<dyn Overrides> = Arc::new(configuration.clone());
            Ok(Some(overrides))
        },
        // Again, because a breaker that was built meanwhile has looked at the former overrides.
        |_, current| living.insert(Living::now()).apply(current),
    );
    changed?.conclude();
    let unmatched = known.names().unmatched(configuration);
    unmatched.log();
    Ok(unmatched)
}

/// The breakers and sets of the process.
struct Living {
    breakers: Vec<CircuitBreaker>,
    #[cfg(feature = "keyed")]
    sets: Vec<Arc<SetCore>>,
}

impl Living {
    fn now() -> Self {
        Self {
            breakers: place::singles(),
            #[cfg(feature = "keyed")]
            sets: SetCore::all(),
        }
    }

    fn names(&self) -> Names<'_> {
        Names {
            breakers: self.breakers.iter().map(CircuitBreaker::name).collect(),
            #[cfg(feature = "keyed")]
            sets: self.sets.iter().map(|core| core.name().as_str()).collect(),
        }
    }

    /// Checks the policies that result for all of them.
    fn check(&self, configuration: &Configuration) -> Result<(), ConfigureError> {
        let mut mistakes = Vec::new();
        let mut check = |name: &str, entry: &PolicyEntry, program: &Policy| {
            let Some(Err(error)) = entry.policy_over(program).map(|policy| policy.check()) else { return };
            for mistake in error.mistakes() {
                let mistake = Place::Breaker(name).mistake(mistake);
                // Breakers of one name have the same mistakes.
                if !mistakes.contains(&mistake) {
                    mistakes.push(mistake);
                }
            }
        };
        for breaker in &self.breakers {
            check(breaker.name(), &configuration.of(breaker.name()), &breaker.program_policy());
        }
        #[cfg(feature = "keyed")]
        for core in &self.sets {
            let (set, program) = (core.name().as_str(), core.program_policy());
            check(set, &configuration.of(set), &program);
            for name in configuration.keys_of(set) {
                check(name, &configuration.of_key(name, set), &program);
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigureError { mistakes }) }
    }

    fn apply(&self, current: &Current) -> Effects {
        Effects {
            breakers: self.breakers.iter().map(|breaker| breaker.apply(current)).collect(),
            #[cfg(feature = "keyed")]
            sets: self.sets.iter().map(|core| core.apply(current)).collect(),
        }
    }
}

/// The effects that wait until nothing is locked.
struct Effects {
    breakers: Vec<Applied>,
    #[cfg(feature = "keyed")]
    sets: Vec<Aftermath>,
}

impl Effects {
    fn conclude(self) {
        self.breakers.into_iter().for_each(Applied::conclude);
        #[cfg(feature = "keyed")]
        self.sets.into_iter().for_each(Aftermath::conclude);
    }
}

impl Overrides for Configuration {
    fn of(&self, name: &str, policy: &Policy) -> Override {
        self.of(name).over(policy)
    }

    #[cfg(feature = "keyed")]
    fn of_keys(&self, set: &str, policy: &Policy) -> BTreeMap<String, Override> {
        self.keys_of(set).map(|name| (name.clone(), self.of_key(name, set).over(policy))).collect()
    }
}

impl PolicyEntry {
    /// Returns the policy over the program's. `None` if the entry has no setting of the policy.
    fn policy_over(&self, program: &Policy) -> Option<Policy> {
        (!self.policy.is_empty()).then(|| self.policy.or(program))
    }

    fn over(&self, program: &Policy) -> Override {
        let Self { shadow, state, .. } = *self;
        match self.policy_over(program).map(|policy| policy.check().map(|()| policy)).transpose() {
            Ok(policy) => Override { policy, shadow, state, refused: None },
            Err(error) => Override { policy: None, shadow, state, refused: Some(error) },
        }
    }
}
