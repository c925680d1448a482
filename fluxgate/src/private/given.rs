//! Bodies that are given the arguments of their function: a closure's arguments live, in their order and with their
//! patterns, as those of a function do.

use std::future::Future;

macro_rules! given {
    ($($sync:ident $asynchronous:ident($($argument:ident: $type:ident),+);)*) => {
        $(
            /// A sync body with its arguments.
            #[inline(always)]
            #[allow(clippy::inline_always, reason = "it only passes on what it is given")]
            #[allow(clippy::too_many_arguments, reason = "as many as the function has")]
            pub fn $sync<$($type,)+ R>($($argument: $type,)+ body: impl FnOnce($($type),+) -> R) -> impl FnOnce() -> R {
                move || body($($argument),+)
            }

            /// An async body with its arguments.
            #[inline(always)]
            #[allow(clippy::inline_always, reason = "it only passes on what it is given")]
            #[allow(clippy::too_many_arguments, reason = "as many as the function has")]
            pub fn $asynchronous<$($type,)+ R>(
                $($argument: $type,)+
                body: impl AsyncFnOnce($($type),+) -> R,
            ) -> impl Future<Output = R> {
                body($($argument),+)
            }
        )*
    };
}

given! {
    given_1 async_given_1(a: A);
    given_2 async_given_2(a: A, b: B);
    given_3 async_given_3(a: A, b: B, c: C);
    given_4 async_given_4(a: A, b: B, c: C, d: D);
    given_5 async_given_5(a: A, b: B, c: C, d: D, e: E);
    given_6 async_given_6(a: A, b: B, c: C, d: D, e: E, f: F);
    given_7 async_given_7(a: A, b: B, c: C, d: D, e: E, f: F, g: G);
    given_8 async_given_8(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H);
    given_9 async_given_9(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I);
    given_10 async_given_10(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J);
    given_11 async_given_11(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K);
    given_12 async_given_12(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L);
}
