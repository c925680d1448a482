//! How the declared breakers of a program become known before any call has reached them.

pub use inventory;

#[cfg(feature = "keyed")]
use crate::keyed::KeyedDeclaration;
use crate::registry::declared::Declaration;

/// A declaration, as it is registered when the program is linked.
pub struct Declared(pub &'static Declaration);

inventory::collect!(Declared);

/// All declarations, in no order that means anything.
pub(crate) fn registered() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| declared.0)
}

/// The declaration of a set, as it is registered when the program is linked.
#[cfg(feature = "keyed")]
pub struct DeclaredSet(pub &'static KeyedDeclaration);

#[cfg(feature = "keyed")]
inventory::collect!(DeclaredSet);

/// All declarations of sets, in no order that means anything.
#[cfg(feature = "keyed")]
pub(crate) fn registered_sets() -> impl Iterator<Item = &'static KeyedDeclaration> {
    inventory::iter::<DeclaredSet>.into_iter().map(|declared| declared.0)
}

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
