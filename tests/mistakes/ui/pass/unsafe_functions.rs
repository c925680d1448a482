//! An `unsafe fn` may do in its body what it might do without the attribute, and a safe one may not.

#![deny(warnings, unsafe_op_in_unsafe_fn)]

use fluxgate::{CallNotPermitted, circuit_breaker};

#[derive(Debug, PartialEq)]
struct Rejected;

impl From<CallNotPermitted> for Rejected {
    fn from(_: CallNotPermitted) -> Self {
        Self
    }
}

/// # Safety
///
/// `number` points to a number.
#[circuit_breaker(name = "sync")]
unsafe fn read(number: *const u32) -> Result<u32, Rejected> {
    Ok(unsafe { *number })
}

/// # Safety
///
/// `number` points to a number for as long as the future lives.
#[circuit_breaker(name = "async")]
async unsafe fn read_later(number: *const u32) -> Result<u32, Rejected> {
    Ok(unsafe { *number })
}

#[circuit_breaker(name = "of an abi", fallback = |_| 0)]
unsafe extern "C" fn called_by_others(number: *const u32) -> u32 {
    unsafe { *number }
}

trait Memory {
    /// # Safety
    ///
    /// `number` points to a number.
    unsafe fn read(&self, number: *const u32) -> Result<u32, Rejected>;
}

impl Memory for () {
    #[circuit_breaker(name = "method")]
    unsafe fn read(&self, number: *const u32) -> Result<u32, Rejected> {
        Ok(unsafe { *number })
    }
}

/// Where a body needs no `unsafe` of its own.
#[allow(unsafe_op_in_unsafe_fn)]
mod of_old {
    use super::{Rejected, circuit_breaker};

    #[circuit_breaker(name = "unmarked")]
    pub unsafe fn read(number: *const u32) -> Result<u32, Rejected> {
        Ok(*number)
    }

    #[circuit_breaker(name = "unmarked async")]
    pub async unsafe fn read_later(number: *const u32) -> Result<u32, Rejected> {
        Ok(*number)
    }
}

#[circuit_breaker(name = "exported", fallback = |_| None)]
#[unsafe(no_mangle)]
pub extern "C" fn fluxgate_exported() -> Option<std::num::NonZeroU8> {
    None
}

fn main() {
    let function: unsafe extern "C" fn(*const u32) -> u32 = called_by_others;
    assert_eq!(unsafe { function(&1) }, 1);
    assert_eq!(unsafe { read(&2) }, Ok(2));
    assert_eq!(unsafe { of_old::read(&3) }, Ok(3));
    assert_eq!(unsafe { ().read(&4) }, Ok(4));
    drop(unsafe { (read_later(&5), of_old::read_later(&5)) });
    fluxgate::get("sync").unwrap().force_open();
    assert_eq!(unsafe { read(&2) }, Err(Rejected));
}
