//! The registration of declared breakers before any call reaches them.

pub use inventory;

#[cfg(feature = "keyed")]
pub use crate::keyed::DeclaredSet;
pub use crate::registry::declared::Declared;

/// The breaker of one declaration: a static, which is made known when the program starts.
///
/// It stands in a block: what surrounds it can't see its name, and an attribute of the surroundings is its own too.
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_breaker {
    (fn $name:literal $(, $($configure:tt)+)?) => {
        $crate::__private::breaker!(::core::concat!(::core::module_path!(), "::", $name) $(, $($configure)+)?)
    };
    ($name:expr) => {
        $crate::__private::breaker!($name, |builder| builder)
    };
    ($name:expr, $($configure:tt)+) => {{
        static __FLUXGATE_BREAKER: $crate::__private::Declaration =
            $crate::__private::Declaration::new($name, $($configure)+);
        $crate::__private::inventory::submit! { $crate::__private::Declared(&__FLUXGATE_BREAKER) }
        &__FLUXGATE_BREAKER
    }};
}
