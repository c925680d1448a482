//! What `cargo expand` shows is read by people who wonder what became of their function.

use proc_macro2::TokenStream;
use quote::quote;

/// The item with the attribute, printed as `cargo expand` prints it.
fn expanded(arguments: TokenStream, item: &TokenStream) -> String {
    let file = syn::parse2(super::attribute(arguments, item)).expect("an expansion is a file of items");
    prettyplease::unparse(&file)
}

#[test]
fn a_guarded_function_is_one_call() {
    let charge = quote! {
        fn charge(amount: u64) -> Result<Receipt, ApiError> {
            provider().charge(amount)
        }
    };
    println!("{}", expanded(quote!(), &charge));
    println!(
        "{}",
        expanded(
            quote!(name = "payment_api", tripper = FailureStreak(5) | MinRequests(20) & FailureRate(0.6)),
            &charge
        )
    );
}

#[test]
fn a_guarded_async_function_is_one_call() {
    let charge = quote! {
        async fn stock(sku: &str) -> Result<u32, ApiError> {
            warehouse(sku).await
        }
    };
    println!("{}", expanded(quote!(), &charge));
}
