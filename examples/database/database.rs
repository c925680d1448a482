//! A breaker around the queries of a database, by `sqlx` with `SQLite`: errors of the connection count as failures, and
//! refused queries do not.
//!
//! ```text
//! cargo run -p fluxgate-examples-database --example database
//! ```

use std::time::Duration;

use fluxgate::{breakers, circuit_breaker};
use sqlx::SqlitePool;

breakers! {
    pub(crate) DATABASE {
        tracker = Custom(is_of_the_connection),
        tripper = FailureStreak(3),
        retry   = Cooldown(1s),
        permit  = All(),
    }
}

/// Returns true if the database could not be asked. One that refuses a query is well.
fn is_of_the_connection(error: &sqlx::Error) -> bool {
    const CAN_NOT_OPEN: &str = "14";
    const BUSY: &str = "5";
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| [CAN_NOT_OPEN, BUSY].contains(&&*code)),
        _ => false,
    }
}

#[circuit_breaker(DATABASE, wrap_error)]
pub(crate) async fn insert(pool: &SqlitePool, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO customers (name) VALUES (?)").bind(name).execute(pool).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = fluxgate_examples_database::Database::create_unreliable().await?;
    for name in ["Ada", "Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "John", "Ken", "Leslie"] {
        match insert(&pool, name).await {
            Ok(()) => println!("{name} is in"),
            Err(error) => println!("{name}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(())
}
