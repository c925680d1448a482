//! A breaker around the queries of a database, by `sqlx` with `SQLite`: errors of the connection count, and what a query
//! was answered does not.
//!
//! The program makes a database in the folder for temporary files, takes it away, puts it back, and ends by itself:
//!
//! ```text
//! cargo run --example database
//! ```

use std::{env, fs, path::Path, process};

use anyhow::Context;
use fluxgate::{CallNotPermitted, State, breakers, circuit_breaker};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

breakers! {
    DATABASE {
        tracker = Custom(StoreError::is_of_the_connection),
        tripper = FailureStreak(3),
        retry   = Cooldown(1s),
        permit  = All(),
    }
}

#[derive(Debug)]
enum StoreError {
    Rejected(CallNotPermitted),
    Database(sqlx::Error),
}

impl StoreError {
    /// Whether the database could not be asked. One that answers no is well.
    fn is_of_the_connection(&self) -> bool {
        /// The database file can't be opened; it is locked, and was for as long as we were ready to wait.
        const CAN_NOT_OPEN: &str = "14";
        const BUSY: &str = "5";

        match self {
            Self::Rejected(_) => false,
            Self::Database(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| [CAN_NOT_OPEN, BUSY].contains(&code.as_ref()))
                }
                _ => false,
            },
        }
    }
}

impl From<CallNotPermitted> for StoreError {
    fn from(rejection: CallNotPermitted) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

#[circuit_breaker(DATABASE)]
async fn insert(pool: &SqlitePool, name: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO customers (name) VALUES (?)").bind(name).execute(pool).await?;
    Ok(())
}

/// A database of customers, whose connections are made anew for each query, as after a failover.
async fn open(file: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let first = SqlitePool::connect_with(options.clone()).await?;
    sqlx::query("CREATE TABLE customers (name TEXT PRIMARY KEY)").execute(&first).await?;
    first.close().await;
    let pool = SqlitePoolOptions::new().after_release(|_, _| Box::pin(async { Ok(false) }));
    Ok(pool.connect_lazy_with(options.create_if_missing(false)))
}

async fn show(pool: &SqlitePool, name: &str) -> Result<(), StoreError> {
    let result = insert(pool, name).await;
    match &result {
        Ok(()) => println!("{name} is in"),
        Err(StoreError::Rejected(rejection)) => println!("{name}: {rejection}"),
        Err(StoreError::Database(error)) => println!("{name}: {error}"),
    }
    result
}

async fn tour(folder: &Path) -> anyhow::Result<()> {
    let (file, away) = (folder.join("customers.db"), folder.join("away.db"));
    let pool = open(&file).await?;
    anyhow::ensure!(show(&pool, "Ada").await.is_ok());

    println!("What the database refuses is no failure.");
    for _ in 0..5 {
        anyhow::ensure!(matches!(show(&pool, "Ada").await, Err(StoreError::Database(_))));
    }
    anyhow::ensure!((DATABASE.info().state, DATABASE.info().failures) == (State::Closed, 0));

    println!("It is gone.");
    fs::rename(&file, &away)?;
    for _ in 0..3 {
        anyhow::ensure!(matches!(show(&pool, "Grace").await, Err(StoreError::Database(_))));
    }
    let Err(StoreError::Rejected(rejection)) = show(&pool, "Grace").await else {
        anyhow::bail!("the breaker is {}", DATABASE.info().state)
    };

    println!("It is back.");
    fs::rename(&away, &file)?;
    tokio::time::sleep(rejection.retry_after().context("it says when")?).await;
    anyhow::ensure!(show(&pool, "Grace").await.is_ok() && DATABASE.info().state == State::Closed);
    pool.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = env::temp_dir().join(format!("fluxgate-database-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let result = tour(&folder).await;
    fs::remove_dir_all(&folder)?;
    result
}

#[test]
fn the_program_shows_what_it_says() {
    main().unwrap();
}
