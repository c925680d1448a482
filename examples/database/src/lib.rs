//! The database that the example uses: a file that can be taken away and put back.

use std::{fs, io, path::PathBuf, thread, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tempfile::TempDir;

/// A database of customers in a folder for temporary files.
#[derive(Debug)]
pub struct Database {
    folder: TempDir,
}

impl Database {
    /// Makes the database, and a pool that opens a connection for each query, as after a failover.
    ///
    /// # Errors
    ///
    /// If there is no place for it.
    pub async fn create() -> Result<(Self, SqlitePool), sqlx::Error> {
        let database = Self { folder: tempfile::tempdir()? };
        let options = SqliteConnectOptions::new().filename(database.file()).create_if_missing(true);
        let first = SqlitePool::connect_with(options.clone()).await?;
        sqlx::query("CREATE TABLE customers (name TEXT PRIMARY KEY)").execute(&first).await?;
        first.close().await;
        let pool = SqlitePoolOptions::new().after_release(|_, _| Box::pin(async { Ok(false) }));
        Ok((database, pool.connect_lazy_with(options.create_if_missing(false))))
    }

    /// Makes a database that is soon away for two seconds.
    ///
    /// # Errors
    ///
    /// If there is no place for it.
    pub async fn create_unreliable() -> Result<SqlitePool, sqlx::Error> {
        let (database, pool) = Self::create().await?;
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(500));
            database.take_away()?;
            thread::sleep(Duration::from_secs(2));
            database.put_back()?;
            // Until the program ends.
            thread::sleep(Duration::MAX);
            io::Result::Ok(())
        });
        Ok(pool)
    }

    /// Takes the database away.
    ///
    /// # Errors
    ///
    /// If it is away.
    pub fn take_away(&self) -> io::Result<()> {
        fs::rename(self.file(), self.away())
    }

    /// Puts the database back.
    ///
    /// # Errors
    ///
    /// If it is not away.
    pub fn put_back(&self) -> io::Result<()> {
        fs::rename(self.away(), self.file())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("customers.db")
    }

    fn away(&self) -> PathBuf {
        self.folder.path().join("away.db")
    }
}
