//! How the declared breakers of a program become known before any call has reached them.

use std::sync::OnceLock;

use parking_lot::Mutex;

use crate::declared::Declaration;

/// The declaration that was registered last; each knows the one before it.
static LAST: Mutex<Option<&'static Declaration>> = Mutex::new(None);

/// A declaration's place among all of them.
pub(crate) struct Link(OnceLock<Option<&'static Declaration>>);

impl Link {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }
}

/// Makes a declaration known. It runs before `main`, so it allocates nothing and can't panic.
pub fn register(declaration: &'static Declaration) {
    let mut last = LAST.lock();
    // Where modules are initialised several times, as some for WebAssembly are, the first time counts.
    if declaration.link.0.set(*last).is_ok() {
        *last = Some(declaration);
    }
}

/// All declarations, in no order that means anything.
pub(crate) fn registered() -> impl Iterator<Item = &'static Declaration> {
    let last = *LAST.lock();
    std::iter::successors(last, |declaration| declaration.link.0.get().copied().flatten())
}

/// The breaker of one declaration: a static, which is made known when the program starts by a pointer where the loader
/// looks for functions to run before `main`.
///
/// It stands in a block: what surrounds it can't see its name, and an attribute of the surroundings is its own too. The
/// linkers' words are all that is unsafe about it, for the function runs none of the user's code.
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_breaker {
    ($name:expr) => {
        $crate::__private::breaker!($name, |builder| builder)
    };
    ($name:expr, $($configure:tt)+) => {{
        static __FLUXGATE_BREAKER: $crate::__private::Declaration =
            $crate::__private::Declaration::new($name, $($configure)+);
        extern "C" fn __fluxgate_register() {
            $crate::__private::register(&__FLUXGATE_BREAKER);
        }
        #[used]
        #[cfg_attr(
            any(
                target_os = "linux",
                target_os = "android",
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "haiku",
                target_os = "illumos",
                target_os = "netbsd",
                target_os = "nto",
                target_os = "openbsd",
                target_os = "redox",
                target_os = "vxworks",
                target_family = "wasm",
            ),
            unsafe(link_section = ".init_array")
        )]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
        #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
        static __FLUXGATE_REGISTER: extern "C" fn() = __fluxgate_register;
        &__FLUXGATE_BREAKER
    }};
}
