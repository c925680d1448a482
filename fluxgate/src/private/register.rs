//! How the declared breakers of a program become known before any call has reached them.

pub use inventory;

use crate::declared::Declaration;

/// A declaration, as it is registered when the program is linked.
pub struct Declared(pub &'static Declaration);

inventory::collect!(Declared);

/// All declarations, in no order that means anything.
pub(crate) fn registered() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| declared.0)
}

/// Has a declaration registered when the program starts. Behind one name, so that what is done for it does not stand in
/// every expansion.
#[doc(hidden)]
#[macro_export]
macro_rules! __fluxgate_register {
    ($declaration:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::Declared(&$declaration) }
    };
}
