//! Methods and traits, and breakers that an expression names.

use std::{marker::PhantomData, rc::Rc, sync::Arc};

use fluxgate::{CircuitBreaker, circuit_breaker};
use fluxgate_tests::fixture::{ApiError, counts};

use super::NOT_FOUND;

struct Client<T> {
    breaker: CircuitBreaker,
    many: Vec<Arc<CircuitBreaker>>,
    count: u32,
    kind: PhantomData<T>,
}

impl<T> Client<T> {
    fn new() -> Self {
        let many = vec![Arc::new(CircuitBreaker::new("first")), Arc::new(CircuitBreaker::new("second"))];
        Self { breaker: CircuitBreaker::new("of a client"), many, count: 0, kind: PhantomData }
    }

    #[circuit_breaker]
    fn by_reference(&self) -> Result<&u32, ApiError> {
        Ok(&self.count)
    }

    #[circuit_breaker]
    fn by_mutable_reference(&mut self, more: u32) -> Result<&mut u32, ApiError> {
        self.count += more;
        Ok(&mut self.count)
    }

    #[circuit_breaker]
    fn by_value(self) -> Result<Self, ApiError> {
        Ok(self)
    }

    #[circuit_breaker]
    fn by_mutable_value(mut self) -> Result<Self, ApiError> {
        self.count += 1;
        Ok(self)
    }

    #[circuit_breaker]
    fn by_box(self: Box<Self>) -> Result<u32, ApiError> {
        Ok(self.count)
    }

    #[circuit_breaker]
    fn by_rc(self: &Rc<Self>) -> Result<u32, ApiError> {
        Ok(self.count)
    }

    #[circuit_breaker]
    fn no_self(value: T) -> Result<T, ApiError> {
        Ok(value)
    }

    #[circuit_breaker(self.breaker)]
    fn its_own(&mut self, more: u32) -> Result<&mut u32, ApiError> {
        self.count += more;
        Ok(&mut self.count)
    }

    #[circuit_breaker(&self.many[index])]
    fn one_of_many(&mut self, index: usize) -> Result<u32, ApiError> {
        self.count += 1;
        self.many.clear();
        Ok(self.count)
    }

    #[circuit_breaker(self.of(index % 2), failed_if = |count| *count > 5)]
    fn by_method(self, index: usize) -> Result<u32, ApiError> {
        drop(self.many);
        Ok(self.count + u32::try_from(index).unwrap_or(0))
    }

    fn of(&self, index: usize) -> &CircuitBreaker {
        &self.many[index]
    }
}

#[test]
fn methods_take_every_self() {
    let mut client = Client::<u32>::new();
    assert_eq!(client.by_reference(), Ok(&0));
    *client.by_mutable_reference(2).unwrap() += 1;
    let client = client.by_value().unwrap().by_mutable_value().unwrap();
    let client = Rc::new(client);
    assert_eq!(client.by_rc(), Ok(4));
    let client = Rc::try_unwrap(client).ok().unwrap();
    assert_eq!(Box::new(client).by_box(), Ok(4));
    assert_eq!(Client::no_self("a"), Ok("a"));
}

#[test]
fn the_breaker_may_be_a_field_or_an_element_or_come_from_a_call() {
    let mut client = Client::<u32>::new();
    let (own, [first, second]) = (client.breaker.clone(), [client.many[0].clone(), client.many[1].clone()]);
    assert_eq!(client.its_own(1).copied(), Ok(1));
    assert_eq!(client.one_of_many(1), Ok(2));
    assert_eq!((own.info().calls, first.info().calls, second.info().calls), (1, 0, 1));
    assert_eq!(Client::<u32>::new().by_method(3), Ok(3));
    own.force_open();
    assert!(matches!(client.its_own(1), Err(ApiError::Rejected(_))));
    assert_eq!(client.count, 2);
}

#[circuit_breaker(breaker)]
fn with_its_breaker(breaker: &CircuitBreaker) -> Result<&str, ApiError> {
    Ok(breaker.name())
}

#[circuit_breaker(CircuitBreaker::new(name))]
fn with_a_new_breaker(name: &'static str) -> Result<(), ApiError> {
    Ok(())
}

#[test]
fn the_breaker_may_be_an_argument_or_made_for_the_call() {
    let breaker = CircuitBreaker::new("given");
    assert_eq!(with_its_breaker(&breaker), Ok("given"));
    assert_eq!(breaker.info().calls, 1);
    assert_eq!(with_a_new_breaker("made"), Ok(()));
}

trait Payments {
    const LIMIT: u32;

    fn charge(&self, amount: u32) -> Result<u32, ApiError>;

    #[circuit_breaker(name = "provided")]
    fn provided(&self, amount: u32) -> Result<u32, ApiError> {
        if amount > Self::LIMIT { Err(NOT_FOUND) } else { self.charge(amount) }
    }
}

struct Bank;

impl Payments for Bank {
    const LIMIT: u32 = 10;

    #[inline]
    #[circuit_breaker(name = "of a trait", tracker = Custom(Self::is_bad))]
    fn charge(&self, amount: u32) -> Result<u32, ApiError> {
        if amount == 0 { Err(ApiError::Status(500)) } else { Ok(amount) }
    }
}

impl Bank {
    fn is_bad(error: &ApiError) -> bool {
        matches!(error, ApiError::Status(500..))
    }
}

#[test]
fn trait_methods_are_guarded_provided_or_implemented() {
    assert_eq!(
        (Bank.provided(5), Bank.provided(11), Bank.provided(0)),
        (Ok(5), Err(NOT_FOUND), Err(ApiError::Status(500)))
    );
    assert_eq!(counts("provided"), (3, 2));
    assert_eq!(counts("of a trait"), (2, 1));
}
