//! Policies from a file, a new policy while a breaker runs, and its state over a restart.
//!
//! ```text
//! cargo run -p fluxgate-examples-configuration --example policies
//! ```

use fluxgate::{CircuitBreaker, Retry, SavedState, breakers, configure, retries::Cooldown, trippers::FailureStreak};

breakers! {
    /// A file may override this policy.
    INVENTORY { tripper = FailureStreak(20), retry = Cooldown(60s) }
}

fn prices() -> Result<CircuitBreaker, fluxgate::PolicyError> {
    CircuitBreaker::builder("prices").tripper(FailureStreak(3)).retry(Cooldown(60)).build()
}

fn main() -> anyhow::Result<()> {
    println!("A policy file");
    println!("    declared:   {}", INVENTORY.policy());
    configure(&toml::from_str("[breakers.inventory]\ntripper = \"FailureStreak(5)\"\n")?)?;
    println!("    configured: {}", INVENTORY.policy());

    println!("A new policy while the breaker runs");
    let breaker = prices()?;
    for _ in 0..3 {
        let _ = breaker.call(|| Err::<(), _>("down"));
    }
    println!("    {}, a retry is due in {:.0?}", breaker.info().state, breaker.info().retry_after.unwrap_or_default());
    breaker.set_policy(breaker.policy().retry("Cooldown(15s)".parse::<Retry>()?))?;
    println!("    {}, a retry is due in {:.0?}", breaker.info().state, breaker.info().retry_after.unwrap_or_default());

    println!("The state over a restart");
    let saved = serde_json::to_string(&breaker.saved_state())?;
    println!("    saved:      {saved}");
    let restarted = prices()?;
    restarted.restore(&serde_json::from_str::<SavedState>(&saved)?)?;
    println!("    restored:   {}", restarted.info().state);
    Ok(())
}
