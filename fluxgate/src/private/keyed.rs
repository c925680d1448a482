//! The sets of breakers that macros declare.

/// Lets a key be any expression: a `&str` is borrowed as it is, a `String` or a number by its place.
#[cfg(feature = "keyed")]
pub trait AsKey {
    #[doc(hidden)]
    fn __fluxgate_key(&self) -> &Self {
        self
    }
}

#[cfg(feature = "keyed")]
impl<T: ?Sized> AsKey for T {}

/// The breaker of a key, of a set that the function has for itself.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed {
    (fn $name:literal, $($rest:tt)+) => {
        $crate::__private::keyed!(::core::concat!(::core::module_path!(), "::", $name), $($rest)+)
    };
    ($name:expr, $max:expr, $idle:expr, $exported_keys:expr, $configure:expr, $key:expr) => {{
        static __FLUXGATE_SET: $crate::__private::OfFunction = $crate::__private::OfFunction::new(
            $crate::__private::keyed_declaration!($name, $max, $idle, $exported_keys, $configure),
        );
        use $crate::__private::AsKey as _;
        __FLUXGATE_SET.get(($key).__fluxgate_key())
    }};
}

/// The type of a set of `breakers!`.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed_type {
    ($key:ty) => {
        $crate::__private::DeclaredKeyedBreakers<$key>
    };
}

/// A set of `breakers!`.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed_set {
    ($name:expr, $max:expr, $idle:expr, $exported_keys:expr, $configure:expr) => {
        $crate::__private::DeclaredKeyedBreakers::new($crate::__private::keyed_declaration!(
            $name,
            $max,
            $idle,
            $exported_keys,
            $configure
        ))
    };
}

/// The declaration of a set: a static, which is registered when the program starts.
#[cfg(feature = "keyed")]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed_declaration {
    ($($said:expr),+) => {{
        static __FLUXGATE_DECLARATION: $crate::__private::KeyedDeclaration =
            $crate::__private::KeyedDeclaration::new($($said),+);
        $crate::__private::inventory::submit! { $crate::__private::DeclaredSet(&__FLUXGATE_DECLARATION) }
        &__FLUXGATE_DECLARATION
    }};
}

/// The breaker of a key, of a set that the function has for itself.
#[cfg(not(feature = "keyed"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed {
    ($($arguments:tt)*) => {
        ::core::compile_error!(
            "`key` needs the feature `keyed` of fluxgate; write `features = [\"keyed\"]` where Cargo.toml names it"
        )
    };
}

/// Stands for a set of `breakers!`, so that there is one message and none about those who use it.
#[cfg(not(feature = "keyed"))]
pub struct Missing;

#[cfg(not(feature = "keyed"))]
impl Missing {
    #[doc(hidden)]
    pub fn get<Q: ?Sized>(&self, _: &Q) -> crate::CircuitBreaker {
        unreachable!("nothing that uses it compiles")
    }
}

/// The type of a set of `breakers!`.
#[cfg(not(feature = "keyed"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed_type {
    ($key:ty) => {
        $crate::__private::Missing
    };
}

/// A set of `breakers!`.
#[cfg(not(feature = "keyed"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_keyed_set {
    ($($arguments:tt)*) => {{
        ::core::compile_error!(
            "a set of breakers needs the feature `keyed` of fluxgate; write `features = [\"keyed\"]` where Cargo.toml names it"
        );
        $crate::__private::Missing
    }};
}
