//! The line of a text with carets under a place in it.

use crate::span::Span;

/// A line with more characters is shortened.
const MAX_CHARACTERS: usize = 120;

/// The characters of a shortened line that are shown before, in and after the place.
const BEFORE: usize = 50;
const PLACE: usize = 60;
const AFTER: usize = 40;

/// Returns the line of `text` in which `span` starts, and below it carets under the part that `span` covers, at least one.
pub(crate) fn under(text: &str, span: Span) -> String {
    let start = boundary(text, span.start);
    let end = boundary(text, span.end).max(start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let end = end.min(line_end);

    let head = if text.contains('\n') {
        format!("  line {}: ", text[..line_start].matches('\n').count() + 1)
    } else {
        "  ".to_owned()
    };
    let (mut before, mut place, mut after) = (&text[line_start..start], &text[start..end], &text[end..line_end]);
    if text[line_start..line_end].chars().nth(MAX_CHARACTERS).is_some() {
        (before, place) = (last(before, BEFORE), first(place, PLACE));
        // Nothing follows a place that is itself shortened.
        after = if place.len() < end - start { "" } else { first(after, AFTER) };
    }
    let cut_before = if before.len() < start - line_start { "… " } else { "" };
    let cut_after = if place.len() + after.len() < line_end - start { " …" } else { "" };

    let [before, place, after] = [before, place, after].map(printable);
    let indent = width(&head) + width(cut_before) + width(&before);
    let line = format!("{head}{cut_before}{before}{place}{after}{cut_after}");
    format!("{}\n{}{}", line.trim_end(), " ".repeat(indent), "^".repeat(width(&place).max(1)))
}

/// Returns the last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn last(text: &str, characters: usize) -> &str {
    match text.char_indices().rev().nth(characters) {
        Some((at, c)) => &text[at + c.len_utf8()..],
        None => text,
    }
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at])
}

/// Replaces characters whose width is unknown, such as tabs.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' || c == '\r' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Returns the number of columns that the text takes in a terminal.
fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Returns the width of a character, by Unicode block: 2 for East Asian wide forms, 0 for combining marks.
fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carets_cover_the_place() {
        assert_eq!(under("A() & B(60)", Span::new(8, 10)), "  A() & B(60)\n          ^^");
    }

    #[test]
    fn an_empty_place_gets_one_caret() {
        assert_eq!(under("A(", Span::new(2, 2)), "  A(\n    ^");
    }

    #[test]
    fn only_the_line_of_the_place_is_shown() {
        assert_eq!(under("A()\n  | B(60)\n  | C()", Span::new(10, 12)), "  line 2:   | B(60)\n                ^^");
        let to_the_next_line = Span::new(0, 8);
        assert_eq!(under("A()\n| B()", to_the_next_line), "  line 1: A()\n          ^^^");
    }

    #[test]
    fn columns_are_counted_instead_of_bytes() {
        assert_eq!(under("é | B()", Span::new(5, 6)), "  é | B()\n      ^");
        assert_eq!(under("실패율(0.5)", Span::new(0, 9)), "  실패율(0.5)\n  ^^^^^^");
        assert_eq!(
            under("e\u{301}(60)", Span::new(4, 6)),
            "  e\u{301}(60)\n    ^^",
            "a combining mark takes no column"
        );
        assert_eq!(under("\t\tA(\0)", Span::new(4, 5)), "    A(\u{fffd})\n      ^");
    }

    #[test]
    fn a_long_line_is_shortened_around_the_place() {
        let text = format!("{}PLACE{}", "b".repeat(10_000), "a".repeat(10_000));
        let shown = under(&text, Span::new(10_000, 10_005));
        let expected = format!("  … {}PLACE{} …\n{}^^^^^", "b".repeat(50), "a".repeat(40), " ".repeat(54));
        assert_eq!(shown, expected);
        let all = under(&text, Span::new(0, text.len()));
        assert!(all.lines().all(|line| line.chars().count() < 120), "{all}");
        let cut = under(&text, Span::new(9_900, 10_005));
        assert_eq!(
            cut.lines().next(),
            Some(&*format!("  … {} …", "b".repeat(110))),
            "nothing follows a place that is shortened"
        );
    }

    #[test]
    fn a_place_outside_the_text_or_within_a_character_does_not_panic() {
        assert_eq!(under("é", Span::new(1, 1)), "  é\n  ^");
        assert_eq!(under("ab", Span::new(7, 3)), "  ab\n    ^");
        assert_eq!(under("ab", Span::new(2, 1)), "  ab\n    ^");
    }
}
