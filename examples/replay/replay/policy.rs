//! The policy that the arguments describe.

use std::{fmt, sync::Arc};

use fluxgate::{CircuitBreaker, ManualClock, MaxFailedProbes, Permit, PolicyError, Retry, Signal, Tripper, Window};
use fluxgate_policy::{Kind, defaults};

use crate::{arguments::Arguments, failure::Failure};

/// A policy in the policy language. What is not said is the default of a breaker.
#[derive(Clone, Debug)]
pub struct Policy {
    window: Option<String>,
    tripper: Option<String>,
    retry: Option<String>,
    permit: Option<String>,
    max_half_open_calls: Option<u32>,
    max_failed_probes: Option<MaxFailedProbes>,
    seed: u64,
    /// Which argument the tripper is from.
    tripper_flag: &'static str,
}

impl Policy {
    /// The policy that is asked about, and after it those that it is compared with, which differ in the tripper.
    pub fn all_of(arguments: &Arguments) -> Vec<Self> {
        let policy = Self {
            window: arguments.window.clone(),
            tripper: arguments.tripper.clone(),
            retry: arguments.retry.clone(),
            permit: arguments.permit.clone(),
            max_half_open_calls: arguments.max_half_open_calls,
            max_failed_probes: arguments.max_failed_probes,
            seed: arguments.seed,
            tripper_flag: "--tripper",
        };
        let others = arguments.compare.iter().map(|tripper| Self {
            tripper: Some(tripper.clone()),
            tripper_flag: "--compare",
            ..policy.clone()
        });
        std::iter::once(policy.clone()).chain(others).collect()
    }

    /// Whether all these policies can be built.
    ///
    /// # Errors
    ///
    /// Every mistake in any of them.
    pub fn check(policies: &[Self]) -> Result<(), Failure> {
        let mut mistakes = Vec::new();
        for policy in policies {
            for mistake in policy.build(&ManualClock::new(), |_| ()).err().into_iter().flatten() {
                // What the policies have in common is told once.
                if !mistakes.contains(&mistake) {
                    mistakes.push(mistake);
                }
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Failure::Mistakes(mistakes)) }
    }

    /// A breaker with this policy.
    ///
    /// # Errors
    ///
    /// A message for each mistake in the policy.
    pub fn build(
        &self,
        clock: &ManualClock,
        listener: impl Fn(&Signal) + Send + Sync + 'static,
    ) -> Result<CircuitBreaker, Vec<String>> {
        let mut builder =
            CircuitBreaker::builder("replay").clock(clock.clone()).random_seed(self.seed).listener(listener);
        let mut mistakes = Vec::new();
        if let Some(window) = part::<Window>("--window", self.window.as_deref(), &mut mistakes) {
            builder = builder.window(window);
        }
        if let Some(tripper) = part::<Tripper>(self.tripper_flag, self.tripper.as_deref(), &mut mistakes) {
            builder = builder.tripper(tripper);
        }
        if let Some(retry) = part::<Retry>("--retry", self.retry.as_deref(), &mut mistakes) {
            builder = builder.retry(retry);
        }
        if let Some(permit) = part::<Permit>("--permit", self.permit.as_deref(), &mut mistakes) {
            builder = builder.permit(permit);
        }
        if let Some(calls) = self.max_half_open_calls {
            builder = builder.max_half_open_calls(calls);
        }
        if let Some(limit) = self.max_failed_probes {
            builder = builder.max_failed_probes(limit);
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        builder.build().map_err(|error| {
            let of_tripper = self.tripper.as_deref().unwrap_or("the default tripper");
            error.mistakes().iter().map(|mistake| format!("the policy with {of_tripper}: {mistake}")).collect()
        })
    }

    /// The tripper, as it is printed.
    pub fn tripper(&self) -> Arc<str> {
        let parsed = self.tripper.as_deref().and_then(|text| text.parse::<Tripper>().ok());
        let text = parsed.map_or_else(|| self.default_tripper(), |tripper| tripper.to_string());
        text.into()
    }

    fn default_tripper(&self) -> String {
        let text = self.window.as_deref().unwrap_or_default();
        let window = fluxgate_policy::parse_at_run_time(Kind::Window, text).ok();
        let window = window.and_then(|window| window.leaves().next().cloned()).unwrap_or_else(defaults::window);
        defaults::tripper(&window).to_string()
    }
}

/// One part of a policy, if there is one and it is without mistakes.
fn part<P: std::str::FromStr<Err = PolicyError>>(
    flag: &str,
    text: Option<&str>,
    mistakes: &mut Vec<String>,
) -> Option<P> {
    let parsed = text?.parse::<P>();
    parsed.map_err(|error| mistakes.extend(error.mistakes().iter().map(|mistake| format!("{flag}: {mistake}")))).ok()
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn shown<P: std::str::FromStr + ToString>(text: Option<&str>, default: &dyn fmt::Display) -> String {
            text.and_then(|text| text.parse::<P>().ok()).map_or_else(|| default.to_string(), |part| part.to_string())
        }
        writeln!(formatter, "window   {}", shown::<Window>(self.window.as_deref(), &defaults::window()))?;
        writeln!(formatter, "tripper  {}", self.tripper())?;
        writeln!(formatter, "retry    {}", shown::<Retry>(self.retry.as_deref(), &defaults::retry()))?;
        write!(formatter, "permit   {}", shown::<Permit>(self.permit.as_deref(), &defaults::permit()))?;
        if let Some(calls) = self.max_half_open_calls {
            write!(formatter, "\nmax_half_open_calls  {calls}")?;
        }
        if let Some(limit) = self.max_failed_probes {
            write!(formatter, "\nmax_failed_probes  {limit}")?;
        }
        Ok(())
    }
}
