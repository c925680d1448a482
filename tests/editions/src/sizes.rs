//! How large futures are.

use crate::support::{tick, twice, Failed};

/// Not to be told from a type that is dropped.
type Page = [u8; 4096];

twice! {
    [] plainly {
        pub async fn call(page: Page) -> Result<u8, Failed> {
            tick().await;
            Ok(page[0])
        }
    }
    [] must_be_used {
        #[must_use = "it is the answer"]
        pub async fn call(page: Page) -> Result<u8, Failed> {
            let first = page[0];
            tick().await;
            Ok(first)
        }
    }
    [] cold {
        #[cold]
        #[inline]
        pub async fn call(page: Page) -> Result<u8, Failed> {
            let first = page[0];
            tick().await;
            Ok(first)
        }
    }
    [fallback = |_| Ok(0)] with_a_fallback {
        pub async fn call(page: Page, (_, more): (u8, u8)) -> Result<u8, Failed> {
            tick().await;
            Ok(page[0] + more)
        }
    }
}

#[test]
fn a_guarded_future_is_hardly_larger_whatever_built_in_attributes_or_patterns_it_has() {
    macro_rules! compare {
        ($($name:ident($($argument:expr),*);)*) => {
            $(
                let plain = size_of_val(&plain::$name::call($($argument),*));
                let guarded = size_of_val(&guarded::$name::call($($argument),*));
                assert!(guarded <= plain + 256, "{}: {plain} grew to {guarded}", stringify!($name));
                assert!(guarded < 4096 + 512, "{}: {guarded}", stringify!($name));
            )*
        };
    }

    compare! {
        plainly([0; 4096]);
        must_be_used([0; 4096]);
        cold([0; 4096]);
        with_a_fallback([0; 4096], (1, 2));
    }
}
