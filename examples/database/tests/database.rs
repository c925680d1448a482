//! The program step by step, with a database that is taken away and put back at will.

#[path = "../database.rs"]
#[allow(dead_code, reason = "the main function is for the program alone")]
mod program;

use fluxgate::{Error, State};
use fluxgate_examples_database::Database;
use program::{DATABASE, insert};

#[tokio::test]
async fn a_database_that_refuses_is_well_and_one_that_is_away_is_spared() {
    let (database, pool) = Database::create().await.unwrap();
    insert(&pool, "Ada").await.unwrap();
    for _ in 0..5 {
        assert!(matches!(insert(&pool, "Ada").await, Err(Error::Inner(_))), "there is one");
    }
    assert_eq!((DATABASE.info().state, DATABASE.info().failures), (State::Closed, 0));

    database.take_away().unwrap();
    for _ in 0..3 {
        assert!(matches!(insert(&pool, "Grace").await, Err(Error::Inner(_))));
    }
    let Err(Error::NotPermitted(rejection)) = insert(&pool, "Grace").await else {
        panic!("the breaker is {}", DATABASE.info().state)
    };

    database.put_back().unwrap();
    tokio::time::sleep(rejection.retry_after().expect("it says when")).await;
    insert(&pool, "Grace").await.unwrap();
    assert_eq!(DATABASE.info().state, State::Closed);
    pool.close().await;
}
