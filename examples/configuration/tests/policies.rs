//! Policies from outside, in four parts: a breaker for each key, policies in a file, a new policy while the breaker runs,
//! and its state over a restart.
//!
//! Nothing is waited for: a function that fails stands for the service, and a clock that is moved by hand for the time.

use std::time::Duration;

use anyhow::{Context, ensure};
use fluxgate::{
    CallNotPermitted, CircuitBreaker, Configuration, ManualClock, Retry, SavedState, State, breakers, circuit_breaker,
    configure, retries::Cooldown, trippers::FailureStreak,
};

breakers! {
    /// A breaker for each host. Those that nobody asks for ten minutes are forgotten.
    PER_HOST[max = 1_000, idle = 10m] { tripper = FailureStreak(3) }
}

breakers! {
    /// Declared in the program, and overridden by a file.
    INVENTORY { tripper = FailureStreak(20), retry = Cooldown(60s) }
}

#[circuit_breaker(PER_HOST.get(host))]
fn fetch(host: &str) -> anyhow::Result<&'static str> {
    ensure!(host != "broken.example.com", "no answer");
    Ok("well")
}

fn a_breaker_for_each_key() -> anyhow::Result<()> {
    println!("1. A breaker for each key");
    for round in 1..=4 {
        for host in ["broken.example.com", "well.example.com"] {
            let answer = fetch(host);
            match &answer {
                Ok(answer) => println!("   {host}: {answer}"),
                Err(error) => println!("   {host}: {error}"),
            }
            let rejected = answer.as_ref().is_err_and(anyhow::Error::is::<CallNotPermitted>);
            ensure!(answer.is_ok() == (host == "well.example.com"), "{host} answers as it is");
            ensure!(rejected == (host == "broken.example.com" && round == 4), "after three failures, and only there");
        }
    }
    Ok(())
}

fn policies_in_a_file() -> anyhow::Result<()> {
    println!("2. Policies in a file");
    println!("   declared:  {}", INVENTORY.policy());
    configure(&toml::from_str("[breakers.inventory]\ntripper = \"FailureStreak(5)\"\n")?)?;
    let policy = INVENTORY.policy();
    println!("   file read: {policy}");
    let text = policy.to_string();
    ensure!(text.contains("tripper = FailureStreak(5), retry = Cooldown(60s)"), "the retry is as declared: {text}");

    let misspelt = "[breakers.inventory]\ntripper = \"FailureStrike(2)\"\n";
    let error = toml::from_str::<Configuration>(misspelt).err().context("there is no such tripper")?;
    println!("   a mistake in the file:\n     {}", error.to_string().trim().replace('\n', "\n     "));
    ensure!(error.to_string().contains("line 2"), "it is told where");

    let unknown = "[breakers.inventory]\ntripper = \"FailureStreak(2)\"\n[breakers.inventroy]\nshadow = true\n";
    let unmatched = configure(&toml::from_str(unknown)?)?;
    let names: Vec<_> = unmatched.names().iter().map(|unmatched| (unmatched.name(), unmatched.nearest())).collect();
    println!("   a name of no breaker: {names:?}");
    ensure!(names == [("inventroy", Some("inventory"))], "it is returned with the nearest known name");
    ensure!(INVENTORY.policy().to_string().contains("FailureStreak(2)"), "the other entry applies");

    let hosts = "[breakers.per_host]\nretry = \"Cooldown(10s)\"\n";
    configure(&toml::from_str(hosts)?)?;
    let [known, new] = ["well.example.com", "new.example.com"].map(|host| PER_HOST.get(host).policy());
    println!("   a set:     {new}");
    ensure!(known == new, "it holds for a host that is known and for one that comes later");
    ensure!(new.to_string().contains("tripper = FailureStreak(3), retry = Cooldown(10s)"), "over what is declared");
    Ok(())
}

/// A breaker that opens at the third failure and then waits for a minute.
fn prices(clock: &ManualClock) -> anyhow::Result<CircuitBreaker> {
    let builder = CircuitBreaker::builder("prices").tripper(FailureStreak(3)).retry(Cooldown(60));
    Ok(builder.clock(clock.clone()).build()?)
}

fn fail_until_open(breaker: &CircuitBreaker) -> anyhow::Result<()> {
    for _ in 0..3 {
        ensure!(breaker.call(|| Err::<(), _>("down")).is_err_and(|error| error.into_inner().is_some()), "closed");
    }
    ensure!(breaker.info().state == State::Open);
    Ok(())
}

fn tell(when: &str, breaker: &CircuitBreaker) {
    let info = breaker.info();
    println!("   {when}: {}, a retry is due in {:?}", info.state, info.retry_after.unwrap_or_default());
}

fn a_new_policy_while_it_runs() -> anyhow::Result<()> {
    println!("3. A new policy while it runs");
    let clock = ManualClock::new();
    let breaker = prices(&clock)?;
    fail_until_open(&breaker)?;
    clock.advance(Duration::from_secs(10));
    tell("ten seconds after it opened", &breaker);
    ensure!(breaker.info().retry_after == Some(Duration::from_secs(50)));

    breaker.set_policy(breaker.policy().retry("Cooldown(15s)".parse::<Retry>()?))?;
    tell("with Cooldown(15s)", &breaker);
    ensure!(breaker.info().retry_after == Some(Duration::from_secs(5)), "from when it opened");
    ensure!(breaker.info().state == State::Open, "the state stays");
    Ok(())
}

fn state_over_a_restart() -> anyhow::Result<()> {
    println!("4. State over a restart");
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(3600));
    let before = prices(&clock)?;
    fail_until_open(&before)?;
    let saved = serde_json::to_string(&before.saved_state())?;
    println!("   saved: {saved}");
    drop(before);

    clock.advance(Duration::from_secs(20));
    let snapshot: SavedState = serde_json::from_str(&saved)?;
    let after = prices(&clock)?;
    after.restore(&snapshot)?;
    tell("after a restart of twenty seconds", &after);
    ensure!(after.call(|| Ok::<_, &str>(())).is_err(), "it still spares the service");
    ensure!(after.info().retry_after == Some(Duration::from_secs(40)), "the restart has counted");

    // A machine whose clock is an hour behind: what is saved lies in its future.
    let behind = prices(&ManualClock::new())?;
    behind.restore(&snapshot)?;
    tell("where the clock is an hour behind", &behind);
    ensure!(behind.info().retry_after == Some(Duration::from_secs(60)), "no longer than its policy says");
    Ok(())
}

#[test]
fn keys_files_new_policies_and_restarts_do_what_the_guide_says() -> anyhow::Result<()> {
    a_breaker_for_each_key()?;
    policies_in_a_file()?;
    a_new_policy_while_it_runs()?;
    state_over_a_restart()
}
