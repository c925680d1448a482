//! Suggestions for misspelt names.

/// Returns the known name that `name` is probably a misspelling of.
///
/// That is the name that differs in the fewest letters, if they are few, or else the only name that is a prefix of `name`
/// or has `name` as a prefix. Case and underscores are ignored, so `failure_rate` finds `FailureRate`.
///
/// ```
/// use fluxgate_policy::nearest;
///
/// assert_eq!(nearest("triper", ["window", "tripper", "retry"]), Some("tripper"));
/// assert_eq!(nearest("jitter", ["initial", "multiplier", "jitter_ratio"]), Some("jitter_ratio"));
/// assert_eq!(nearest("colour", ["window", "tripper", "retry"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any known name, so not worth the quadratic time.
    if name.len() > 64 {
        return None;
    }
    let name = folded(name);
    let known: Vec<_> = known.into_iter().map(|candidate| (folded(candidate), candidate)).collect();
    let allowed = 1 + name.len() / 5;
    let near = known.iter().map(|(folded, candidate)| (distance(&name, folded), folded.len(), candidate));
    let near = near.filter(|(distance, length, _)| *distance <= allowed && distance < length);
    near.min_by_key(|(distance, ..)| *distance).map(|(.., candidate)| *candidate).or_else(|| {
        let begins = |one: &[char], other: &[char]| one.len() >= 3 && other.starts_with(one);
        let mut related = known.iter().filter(|(known, _)| begins(&name, known) || begins(known, &name));
        let only = related.next().filter(|_| related.next().is_none());
        only.map(|(_, candidate)| *candidate)
    })
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// Returns the edit distance: how many letters to add, remove, replace or swap with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    // Row `i`, column `j`: the distance between the first `i` letters of `from` and the first `j` letters of `to`.
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        rows[i][0] = i;
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["MinRequests", "FailureRate", "FailureStreak", "All"];

    #[test]
    fn a_misspelling_finds_the_name() {
        for (written, expected) in [
            ("FailurRate", "FailureRate"),
            ("FialureRate", "FailureRate"),
            ("failure_rate", "FailureRate"),
            ("FAILURESTREAK", "FailureStreak"),
            ("MinRequest", "MinRequests"),
            ("F\u{430}ilureRate", "FailureRate"),
            ("Al", "All"),
            ("Min", "MinRequests"),
            ("AllErrors", "All"),
        ] {
            assert_eq!(nearest(written, KNOWN), Some(expected), "{written}");
        }
    }

    #[test]
    fn an_unrelated_name_finds_nothing() {
        for written in ["", "_", "x", "Mi", "Failure", "Latency", "CountWindow"] {
            assert_eq!(nearest(written, KNOWN), None, "{written}");
        }
        assert_eq!(nearest("x", ["a"]), None);
        assert_eq!(nearest(&"FailureRate".repeat(1_000), KNOWN), None);
    }

    #[test]
    fn names_of_up_to_64_letters_are_searched() {
        let known = "n".repeat(63);
        assert_eq!(nearest(&"n".repeat(64), [&*known]), Some(&*known));
        assert_eq!(nearest(&"n".repeat(65), [&*known]), None);
    }

    #[test]
    fn a_swap_of_neighbours_is_one_step() {
        let distance = |from: &str, to: &str| distance(&folded(from), &folded(to));
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
