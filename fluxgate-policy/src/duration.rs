//! Numbers with a unit, as whole nanoseconds and back.

/// `nanos` in the largest of s, ms, us and ns that divides it: `60s`, `1500ms`.
pub(crate) fn text(nanos: u64) -> String {
    let (size, unit) = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
        .into_iter()
        .find(|(size, _)| nanos.is_multiple_of(*size))
        .unwrap_or((1, "ns"));
    format!("{}{unit}", nanos / size)
}
