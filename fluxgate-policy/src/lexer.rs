//! The lexer: text to tokens.

use crate::span::Span;
use crate::token::{Delimiter, Token, TokenKind};

/// Splits a text into tokens, without whitespace and comments.
///
/// Lexing never fails: text that is not a token of the language becomes [`TokenKind::Other`].
///
/// ```
/// use fluxgate_policy::{TokenKind, lex};
///
/// let kinds: Vec<_> = lex("Cooldown(30s)").into_iter().map(|token| token.kind).collect();
/// assert_eq!(kinds[0], TokenKind::Name("Cooldown".to_owned()));
/// assert_eq!(kinds[2], TokenKind::Number("30s".to_owned()));
/// ```
pub fn lex(text: &str) -> Vec<Token> {
    Lexer::new(text).collect()
}

/// Pairs of characters that are one token. None of them is an operator of the language.
const PAIRS: [&str; 11] = ["&&", "||", "==", "=>", "!=", "<=", ">=", "::", "->", "&=", "|="];

/// An iterator over the tokens of a text, so that a long text needs no list of them.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    /// Skips whitespace and comments. Returns `false` at an unterminated comment.
    fn skip_blank(&mut self) -> bool {
        loop {
            self.position = self.text.len() - self.rest().trim_start().len();
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                match block_comment(rest) {
                    Some(length) => length,
                    None => return false,
                }
            } else {
                return true;
            };
            self.position += length;
        }
    }

    /// Returns the length and the kind of the token at the start of `rest`, which is not empty.
    fn scan(rest: &str, first: char) -> (usize, TokenKind) {
        if let Some(bracket) = bracket(first) {
            return (1, bracket);
        }
        if first.is_ascii_digit() {
            let length = number(rest);
            return (length, TokenKind::Number(rest[..length].to_owned()));
        }
        match literal(rest) {
            Some(Ok(length)) => return (length, TokenKind::Text),
            Some(Err(Unterminated)) => return (rest.len(), TokenKind::Other("\"".to_owned())),
            None => {}
        }
        let length = name(rest);
        if length > 0 {
            return (length, TokenKind::Name(rest[..length].to_owned()));
        }
        let length = match first {
            // A lifetime is one token, so that its quote does not open a character literal.
            '\'' => 1 + name(&rest[1..]),
            _ => PAIRS.into_iter().find(|pair| rest.starts_with(pair)).map_or(first.len_utf8(), str::len),
        };
        let text = &rest[..length];
        (length, operator(text).unwrap_or_else(|| TokenKind::Other(text.to_owned())))
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let is_terminated = self.skip_blank();
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (length, kind) =
            if is_terminated { Self::scan(rest, first) } else { (rest.len(), TokenKind::Other("/*".to_owned())) };
        let start = self.position;
        self.position += length;
        Some(Token { kind, span: Span::new(start, self.position) })
    }
}

fn bracket(first: char) -> Option<TokenKind> {
    Some(match first {
        '(' => TokenKind::Open(Delimiter::Parenthesis),
        ')' => TokenKind::Close(Delimiter::Parenthesis),
        '[' => TokenKind::Open(Delimiter::Bracket),
        ']' => TokenKind::Close(Delimiter::Bracket),
        '{' => TokenKind::Open(Delimiter::Brace),
        '}' => TokenKind::Close(Delimiter::Brace),
        _ => return None,
    })
}

fn operator(text: &str) -> Option<TokenKind> {
    Some(match text {
        "," => TokenKind::Comma,
        "=" => TokenKind::Equals,
        "&" => TokenKind::And,
        "|" => TokenKind::Or,
        "!" => TokenKind::Not,
        _ => return None,
    })
}

fn begins_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn continues_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Returns the length of the name at the start of `rest`, including `r#`, or 0 without a name.
fn name(rest: &str) -> usize {
    let raw = if rest.starts_with("r#") && rest[2..].starts_with(begins_name) { 2 } else { 0 };
    let rest = &rest[raw..];
    if rest.starts_with(begins_name) { raw + rest.find(|c| !continues_name(c)).unwrap_or(rest.len()) } else { 0 }
}

/// Returns the length of the number at the start of `rest` and of the letters that follow it.
fn number(rest: &str) -> usize {
    let digits = |from: usize| {
        let tail = &rest[from..];
        from + tail.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(tail.len())
    };
    let mut end = digits(0);
    // `1..2` is a range and `1.max` a method call, but `1.` is a number.
    if rest[end..].strip_prefix('.').is_some_and(|tail| !tail.starts_with(|c| c == '.' || begins_name(c))) {
        end = digits(end + 1);
    }
    let exponent = rest[end..].strip_prefix(['e', 'E']).and_then(|tail| tail.strip_prefix(['+', '-']));
    if exponent.is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_digit())) {
        end = digits(end + 2);
    }
    let tail = &rest[end..];
    end + tail.find(|c| !continues_name(c)).unwrap_or(tail.len())
}

/// The text ends within a literal.
struct Unterminated;

/// Returns the length of the string or character literal at the start of `rest`, if there is one.
fn literal(rest: &str) -> Option<Result<usize, Unterminated>> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let tail = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = tail.len() - tail.trim_start_matches('#').len();
        let inside = tail[hashes..].strip_prefix('"')?;
        let before = prefix.len() + hashes + 1;
        return Some(raw_end(inside, hashes).map(|length| before + length).ok_or(Unterminated));
    }
    if let Some(inside) = tail.strip_prefix('"') {
        return Some(quoted_end(inside).map(|length| prefix.len() + 1 + length).ok_or(Unterminated));
    }
    if prefix != "c" {
        let inside = tail.strip_prefix('\'')?;
        return character_end(inside).map(|length| Ok(prefix.len() + 1 + length));
    }
    None
}

/// Returns the length up to and including the closing quote of a string.
fn quoted_end(inside: &str) -> Option<usize> {
    let mut characters = inside.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some(at + 1),
            '\\' => drop(characters.next()),
            _ => {}
        }
    }
    None
}

/// Returns the length up to and including the closing quote and hashes of a raw string.
fn raw_end(inside: &str, hashes: usize) -> Option<usize> {
    inside.match_indices('"').map(|(at, _)| at + 1).find_map(|after| {
        let found = inside.as_bytes()[after..].iter().take(hashes).take_while(|byte| **byte == b'#').count();
        (found == hashes).then_some(after + hashes)
    })
}

/// Returns the length up to and including the closing quote of a character, or `None` for a lifetime.
fn character_end(inside: &str) -> Option<usize> {
    let mut characters = inside.char_indices();
    if characters.next()?.1 == '\\' {
        characters.next()?;
        // The longest escape is `\u{10FFFF}`, so the search for its end is bounded.
        return characters.take(9).find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    characters.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// Returns the length of the comment at the start of `rest`, or `None` if it is unterminated. Comments nest.
fn block_comment(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut position = 0;
    loop {
        position += rest[position..].find(['/', '*'])?;
        let tail = &rest[position..];
        if tail.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return Some(position);
            }
        } else {
            position += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tokens as they are written, with literals in `<>` and names in `"`.
    fn texts(text: &str) -> Vec<String> {
        lex(text)
            .into_iter()
            .map(|token| match token.kind {
                TokenKind::Text => format!("<{}>", &text[token.span.start..token.span.end]),
                TokenKind::Name(name) => format!("{name:?}"),
                kind => kind.text().to_owned(),
            })
            .collect()
    }

    #[test]
    fn the_operators_of_the_language_are_tokens() {
        assert_eq!(texts("(a=1,)&b|!c"), ["(", "\"a\"", "=", "1", ",", ")", "&", "\"b\"", "|", "!", "\"c\""]);
    }

    #[test]
    fn operators_of_rust_stay_together() {
        assert_eq!(
            texts("&& || == => != :: -> <= >= &= |="),
            ["&&", "||", "==", "=>", "!=", "::", "->", "<=", ">=", "&=", "|="]
        );
        assert_eq!(texts("&&&"), ["&&", "&"]);
        assert_eq!(texts("~ % - ."), ["~", "%", "-", "."]);
    }

    #[test]
    fn a_number_includes_its_unit() {
        for text in ["30s", "1_000", "2.5ms", "1e3", "1e-3s", "1E+3", "0x10", "5.", "20u32", "1em"] {
            assert_eq!(lex(text), [Token { kind: TokenKind::Number(text.to_owned()), span: Span::new(0, text.len()) }]);
        }
    }

    #[test]
    fn a_number_ends_before_other_tokens() {
        assert_eq!(texts("1..2"), ["1", ".", ".", "2"]);
        assert_eq!(texts("1.max"), ["1", ".", "\"max\""]);
        assert_eq!(texts("1-2"), ["1", "-", "2"]);
        assert_eq!(texts("0xe-3"), ["0xe", "-", "3"]);
        assert_eq!(texts("1.5.5"), ["1.5", ".", "5"]);
    }

    #[test]
    fn literals_are_whole() {
        for text in [
            "\"\"",
            "\"a)\\\"b\"",
            "'a'",
            "'\\''",
            "'\\\\'",
            "'\\u{10FFFF}'",
            "'('",
            "'실'",
            "b'x'",
            "b\"x\"",
            "c\"x\"",
            "r\"\\\"",
            "r#\"a\"b\"#",
            "br##\"\"#\"##",
            "cr\"x\"",
        ] {
            assert_eq!(texts(text), [format!("<{text}>")]);
        }
    }

    #[test]
    fn lifetimes_open_no_literal() {
        assert_eq!(texts("&'a str"), ["&", "'a", "\"str\""]);
        assert_eq!(texts("<'a,'b>"), ["<", "'a", ",", "'b", ">"]);
        assert_eq!(texts("'static)"), ["'static", ")"]);
        assert_eq!(texts("')"), ["'", ")"]);
    }

    #[test]
    fn names_may_be_raw_or_foreign() {
        assert_eq!(texts("r#type brr c _x 실패"), ["\"r#type\"", "\"brr\"", "\"c\"", "\"_x\"", "\"실패\""]);
        assert_eq!(texts("r#1"), ["\"r\"", "#", "1"]);
    }

    #[test]
    fn whitespace_and_comments_are_skipped() {
        assert_eq!(texts(" a // b\n /* c /* d */ e */ f //"), ["\"a\"", "\"f\""]);
        assert_eq!(texts("a /* 1 / 2 * 3 */ b"), ["\"a\"", "\"b\""]);
    }

    #[test]
    fn unterminated_tokens_reach_to_the_end_of_the_text() {
        for text in ["\"a) b", "r#\"a\" b", "b\"\\\"", "/* /* */ b"] {
            let tokens = lex(text);
            assert_eq!(tokens.len(), 1, "{text}");
            assert!(matches!(&tokens[0].kind, TokenKind::Other(start) if start == "\"" || start == "/*"));
            assert_eq!(tokens[0].span, Span::new(0, text.len()));
        }
    }
}
