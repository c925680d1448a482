//! Expansions as `cargo expand` shows them. They stay short, because users read them.

use proc_macro2::TokenStream;
use quote::quote;

/// Returns the expansion, formatted like by `cargo expand`.
fn expanded(arguments: TokenStream, item: &TokenStream) -> String {
    let file = syn::parse2(super::attribute(arguments, item)).expect("an expansion consists of items");
    prettyplease::unparse(&file)
}

#[test]
fn a_plain_function_becomes_one_call_with_its_body_in_it() {
    let function = quote! {
        fn charge(amount: u64) -> Result<Receipt, ApiError> {
            provider().charge(amount)
        }
    };
    let expected = r#"
fn charge(amount: u64) -> Result<Receipt, ApiError> {
    return ::fluxgate::__private::call(
        ::fluxgate::__private::breaker!(fn "charge"),
        ::fluxgate::__private::unseen,
        ::fluxgate::__private::never,
        move || -> Result<Receipt, ApiError> { provider().charge(amount) },
        ::fluxgate::__private::via_from::<Result<Receipt, ApiError>, _, _>(),
    );
}
"#;
    assert_eq!(expanded(quote!(), &function), expected.trim_start());
}

#[test]
fn a_plain_async_function_becomes_one_call_with_a_future_in_it() {
    let function = quote! {
        async fn stock(sku: &str) -> Result<u32, ApiError> {
            warehouse(sku).await
        }
    };
    let expected = r#"
fn stock(sku: &str) -> impl ::core::future::Future<Output = Result<u32, ApiError>> {
    return ::fluxgate::__private::plain_async(
        ::fluxgate::__private::breaker!("inventory"),
        async move {
            if false {
                return ::fluxgate::__private::returned::<Result<u32, ApiError>>();
            }
            warehouse(sku).await
        },
        || ::fluxgate::__private::via_from::<Result<u32, ApiError>, _, _>(),
    );
}
"#;
    let expansion = expanded(quote!(name = "inventory"), &function);
    assert_eq!(expansion, expected.trim_start());
    assert!(expansion.lines().count() <= 12, "{expansion}");
}

#[test]
fn arguments_that_are_dropped_in_order_are_passed_to_a_closure() {
    let function = quote! {
        async fn work(State(app): State<App>, _permit: Permit, id: u32) -> Result<u32, ApiError> {
            app.work(id).await
        }
    };
    let expected = r#"
fn work(
    app: State<App>,
    _permit: Permit,
    id: u32,
) -> impl ::core::future::Future<Output = Result<u32, ApiError>> {
    return ::fluxgate::__private::plain_async(
        ::fluxgate::__private::breaker!("inventory"),
        ::fluxgate::__private::async_given_2(
            app,
            _permit,
            async move |State(app), _permit| -> Result<u32, ApiError> {
                if false {
                    return ::fluxgate::__private::returned::<Result<u32, ApiError>>();
                }
                app.work(id).await
            },
        ),
        || ::fluxgate::__private::via_from::<Result<u32, ApiError>, _, _>(),
    );
}
"#;
    assert_eq!(expanded(quote!(name = "inventory"), &function), expected.trim_start());
}
