//! The known name that was probably meant.

/// The known name nearest to `name`, if one is near enough to be a slip of the pen.
///
/// Case and underscores don't count: `failure_rate` is `FailureRate`.
///
/// ```
/// use fluxgate_policy::nearest;
///
/// assert_eq!(nearest("triper", ["window", "tripper", "retry"]), Some("tripper"));
/// assert_eq!(nearest("colour", ["window", "tripper", "retry"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any known name: far from all of them, and not worth the quadratic time.
    if name.len() > 64 {
        return None;
    }
    let name = folded(name);
    let allowed = 1 + name.len() / 5;
    known
        .into_iter()
        .map(|candidate| (distance(&name, &folded(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// How many letters to add, drop, replace or swap with their neighbour to get from one to the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before_last_at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

fn before_last_at(row: &[usize], position: usize) -> usize {
    row.get(position).copied().unwrap_or(usize::MAX - 1)
}
