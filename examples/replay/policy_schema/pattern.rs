//! Regular expressions for the text of a policy. They check names, operators, and the types and number of arguments, but
//! neither ranges nor whether parentheses match.

use fluxgate_policy::{Kind, Quantity, Spec, components};

const COUNT: &str = "[0-9][0-9_]*";
const NUMBER: &str = "[0-9][0-9_.]*(?:[eE][-+]?[0-9]+)?";
const UNIT: &str = r"(?:\s*(?:ns|us|ms|s|m|h))?";

/// Returns the components of a kind that contain no Rust code, which no file can have.
pub(crate) fn written(kind: Kind) -> impl Iterator<Item = &'static Spec> {
    components().iter().filter(move |spec| spec.kind == kind && spec.rust_parameter().is_none())
}

/// Returns the pattern of a component, or of an expression of components.
pub(crate) fn part(kind: Kind) -> String {
    let component = any(written(kind).map(component));
    let open = if kind.negates() { r"[\s(!]*" } else { r"[\s(]*" };
    let more = if kind.composes() { format!(r"(?:[\s)]*[&|]{open}{component})*") } else { String::new() };
    format!(r"^{open}{component}{more}[\s)]*$")
}

fn component(spec: &Spec) -> String {
    let Some(most) = spec.parameters.len().checked_sub(1) else { return format!(r"{}\s*\(\s*\)", spec.name) };
    let least = spec.parameters.iter().filter(|parameter| parameter.default.is_none()).count().saturating_sub(1);
    let name = any(spec.parameters.iter().map(|parameter| parameter.name.to_owned()));
    let argument = format!(r"(?:{name}\s*=\s*)?{}", values(spec));
    let more = if most > 0 { format!(r"(?:\s*,\s*{argument}){{{least},{most}}}") } else { String::new() };
    format!(r"{}\s*\(\s*{argument}{more}\s*,?\s*\)", spec.name)
}

/// Returns the pattern of a value of any parameter. A duration may be a number, and a number a count.
fn values(spec: &Spec) -> String {
    let takes = |is: fn(&Quantity) -> bool| spec.parameters.iter().map(|parameter| parameter.quantity).find(is);
    let widest = takes(|quantity| matches!(quantity, Quantity::Duration { .. }))
        .or_else(|| takes(|quantity| matches!(quantity, Quantity::Number { .. })));
    widest.map_or_else(|| COUNT.to_owned(), value)
}

pub(crate) fn value(quantity: Quantity) -> String {
    match quantity {
        Quantity::Count { .. } => COUNT.to_owned(),
        Quantity::Duration { .. } => format!("{NUMBER}{UNIT}"),
        // No file has Rust in it; the number is as good as any.
        _ => NUMBER.to_owned(),
    }
}

fn any(patterns: impl Iterator<Item = String>) -> String {
    format!("(?:{})", patterns.collect::<Vec<_>>().join("|"))
}
