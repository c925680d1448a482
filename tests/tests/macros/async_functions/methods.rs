//! Methods and traits, native and boxed.

use std::{future::Future, rc::Rc, sync::Arc};

use async_trait::async_trait;
use fluxgate::{CircuitBreaker, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts};
use tokio::task::yield_now;

use super::NOT_FOUND;

struct Client {
    breaker: CircuitBreaker,
    count: u32,
}

impl Client {
    fn new() -> Self {
        Self { breaker: CircuitBreaker::new("of an async client"), count: 0 }
    }

    #[circuit_breaker]
    async fn by_reference(&self) -> Result<&u32, ApiError> {
        yield_now().await;
        Ok(&self.count)
    }

    #[circuit_breaker]
    async fn by_value(mut self) -> Result<Self, ApiError> {
        self.count += 1;
        Ok(self)
    }

    #[circuit_breaker]
    async fn by_arc(self: Arc<Self>) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(self.count)
    }

    #[circuit_breaker(self.breaker)]
    async fn its_own(&mut self, more: u32) -> Result<&mut u32, ApiError> {
        yield_now().await;
        self.count += more;
        Ok(&mut self.count)
    }
}

#[tokio::test]
async fn async_methods_take_every_self() {
    let mut client = Client::new().by_value().await.unwrap();
    assert_eq!(client.by_reference().await, Ok(&1));
    *client.its_own(2).await.unwrap() += 1;
    assert_eq!((client.breaker.info().calls, client.count), (1, 4));
    assert_eq!(Arc::new(client).by_arc().await, Ok(4));
}

pub(super) trait Payments {
    async fn charge(&self, amount: u32) -> Result<u32, ApiError>;

    fn refund(&self, amount: u32) -> impl Future<Output = Result<u32, ApiError>> + Send;

    #[circuit_breaker(name = "provided async")]
    async fn provided(&self, amount: u32) -> Result<u32, ApiError> {
        self.charge(amount).await
    }
}

pub(super) struct Bank(pub(super) CircuitBreaker);

impl Payments for Bank {
    #[circuit_breaker(self.0)]
    async fn charge(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(amount)
    }

    #[circuit_breaker]
    async fn refund(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        Ok(amount)
    }
}

#[tokio::test]
async fn native_async_traits_are_guarded() {
    let bank = Bank(CircuitBreaker::new("of a bank"));
    assert_eq!((bank.provided(1).await, bank.refund(2).await), (Ok(1), Ok(2)));
    assert_eq!((bank.0.info().calls, counts("provided async")), (1, (1, 0)));
}

#[async_trait]
trait BoxedPayments: Sync {
    async fn charge_boxed(&self, amount: u32) -> Result<u32, ApiError>;

    #[circuit_breaker(name = "provided boxed")]
    async fn provided_boxed(&self, amount: u32) -> Result<u32, ApiError> {
        self.charge_boxed(amount).await
    }
}

#[async_trait]
impl BoxedPayments for Bank {
    #[circuit_breaker(self.0, failed_if = |charged| *charged > 5)]
    async fn charge_boxed(&self, amount: u32) -> Result<u32, ApiError> {
        yield_now().await;
        if amount == 0 {
            Err(NOT_FOUND)?;
        }
        Ok(amount)
    }
}

#[async_trait(?Send)]
trait LocalPayments {
    async fn charge(&self, amount: u32) -> Result<u32, ApiError>;
}

#[async_trait(?Send)]
impl LocalPayments for CircuitBreaker {
    #[circuit_breaker(self, fallback = |_| Ok(amount + 1))]
    async fn charge(&self, amount: u32) -> Result<u32, ApiError> {
        let local = Rc::new(amount);
        yield_now().await;
        Err(ApiError::Status(u16::try_from(*local).unwrap_or(0)))
    }
}

#[tokio::test]
async fn methods_of_async_trait_are_guarded() {
    let bank = Bank(CircuitBreaker::new("of a boxed bank"));
    let boxed: &dyn BoxedPayments = &bank;
    assert_eq!((boxed.provided_boxed(0).await, boxed.charge_boxed(6).await), (Err(NOT_FOUND), Ok(6)));
    assert_eq!((bank.0.info().calls, bank.0.info().failures, counts("provided boxed")), (2, 2, (1, 1)));
    assert_eq!(CircuitBreaker::new("local").charge(7).await, Ok(8));
}
