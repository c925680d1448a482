//! A strict reader of the `OpenMetrics` text format, as far as counters and gauges go.

use std::collections::{BTreeMap, BTreeSet};

/// A page of metrics: families by their name.
pub type Page = BTreeMap<String, Family>;

/// What a page says of one metric.
#[derive(Clone, PartialEq, Debug, Default)]
#[allow(missing_docs, reason = "named as in the format")]
pub struct Family {
    pub kind: String,
    pub unit: Option<String>,
    pub help: Option<String>,
    /// By the name of the sample and its labels, sorted.
    pub samples: BTreeMap<(String, Labels), f64>,
}

/// The labels of a sample, sorted.
pub type Labels = Vec<(String, String)>;

/// The value of a sample, given its labels in any order.
pub fn value(page: &Page, family: &str, sample: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let mut labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    labels.sort();
    page.get(family)?.samples.get(&(sample.to_owned(), labels)).copied()
}

/// Reads a page.
///
/// # Errors
///
/// The first line that breaks a rule of the format, and which rule.
pub fn parse(text: &str) -> Result<Page, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("the page does not end with `# EOF` and a line feed")?;
    if body.contains("\r\n") {
        return Err("a carriage return".to_owned());
    }
    let mut reader = Reader::default();
    for line in body.lines() {
        reader.line(line).map_err(|rule| format!("{rule}: {line:?}"))?;
    }
    reader.page.iter().try_for_each(check_family)?;
    Ok(reader.page)
}

#[derive(Default)]
struct Reader {
    page: Page,
    current: Option<String>,
    /// Which of its descriptions the current family has.
    described: BTreeSet<&'static str>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let Some(description) = line.strip_prefix("# ") else { return self.sample(line) };
        let (keyword, rest) = description.split_once(' ').ok_or("a description without a name")?;
        let (name, text) = rest.split_once(' ').ok_or("a description without a text")?;
        if !is_name(name, true) {
            return Err("not the name of a metric".to_owned());
        }
        if self.current.as_deref() != Some(name) {
            if self.page.contains_key(name) {
                return Err("a family in two places".to_owned());
            }
            self.page.insert(name.to_owned(), Family::default());
            self.current = Some(name.to_owned());
            self.described.clear();
        }
        let family = self.page.get_mut(name).ok_or("no family")?;
        if !family.samples.is_empty() {
            return Err("a description behind the samples".to_owned());
        }
        let keyword = match keyword {
            "TYPE" => {
                if !matches!(text, "gauge" | "counter") {
                    return Err("an unexpected type".to_owned());
                }
                text.clone_into(&mut family.kind);
                "TYPE"
            }
            "UNIT" => {
                family.unit = Some(text.to_owned());
                "UNIT"
            }
            "HELP" => {
                unescape(text)?;
                family.help = Some(text.to_owned());
                "HELP"
            }
            _ => return Err("an unknown description".to_owned()),
        };
        if self.described.insert(keyword) { Ok(()) } else { Err("a doubled description".to_owned()) }
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(['{', ' ']).ok_or("a sample without a value")?;
        let (name, rest) = line.split_at(end);
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => read_labels(rest)?,
            None => (Labels::new(), rest),
        };
        let value = value.strip_prefix(' ').ok_or("no space before the value")?;
        if value.contains(' ') {
            return Err("a time stamp or an exemplar, where none is expected".to_owned());
        }
        let value: f64 = value.parse().map_err(|_| "not a number")?;
        let current = self.current.as_ref().ok_or("a sample without a family")?;
        let family = self.page.get_mut(current).ok_or("no family")?;
        let expected = match family.kind.as_str() {
            "counter" if value < 0.0 || value.is_nan() => return Err("a counter below zero".to_owned()),
            "counter" => format!("{current}_total"),
            "gauge" => current.clone(),
            _ => return Err("a sample before its type".to_owned()),
        };
        if name != expected {
            return Err(format!("not a sample of {current}"));
        }
        match family.samples.insert((name.to_owned(), labels), value) {
            Some(_) => Err("a doubled sample".to_owned()),
            None => Ok(()),
        }
    }
}

fn check_family((name, family): (&String, &Family)) -> Result<(), String> {
    if family.kind == "counter" && name.ends_with("_total") {
        return Err(format!("{name}: the family of a counter has no `_total`"));
    }
    if family.unit.as_ref().is_some_and(|unit| !name.ends_with(&format!("_{unit}"))) {
        return Err(format!("{name} does not end with its unit"));
    }
    Ok(())
}

/// The labels, and what stands behind their closing brace.
fn read_labels(mut rest: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    while !rest.starts_with('}') {
        if !labels.is_empty() {
            rest = rest.strip_prefix(',').ok_or("no comma between labels")?;
        }
        let (name, behind) = rest.split_once("=\"").ok_or("a label without a value")?;
        if !is_name(name, false) {
            return Err("not the name of a label".to_owned());
        }
        let end = closing_quote(behind).ok_or("a label without its closing quote")?;
        labels.push((name.to_owned(), unescape(&behind[..end])?));
        rest = &behind[end + 1..];
    }
    labels.sort();
    if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err("a doubled label".to_owned());
    }
    Ok((labels, &rest[1..]))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(escaped @ ('\\' | '"')) => escaped,
                _ => return Err("an unknown escape".to_owned()),
            },
            character => character,
        });
    }
    Ok(plain)
}

fn is_name(text: &str, colon: bool) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (colon && byte == b':');
    !text.is_empty() && !text.as_bytes()[0].is_ascii_digit() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_each_breach_is_found() {
        let head = "# HELP a Help.\n# TYPE a counter\n";
        let page = parse(&format!("{head}a_total{{x=\"q\\\"\\n\",b=\"\"}} 2\n# EOF\n")).unwrap();
        assert_eq!(value(&page, "a", "a_total", &[("x", "q\"\n"), ("b", "")]), Some(2.0));
        for breach in [
            "a_total 1\n",
            "a_total 1\n#EOF\n",
            "a 1\n# EOF\n",
            "a_total -1\n# EOF\n",
            "a_total 1 2\n# EOF\n",
            "a_total{} x\n# EOF\n",
            "a_total 1\na_total 1\n# EOF\n",
            "a_total{x=\"1\",x=\"2\"} 1\n# EOF\n",
            "a_total{x=\"1\" y=\"2\"} 1\n# EOF\n",
            "a_total{x=\"\\t\"} 1\n# EOF\n",
            "a_total{x=\"\n\"} 1\n# EOF\n",
            "a_total{1=\"\"} 1\n# EOF\n",
            "a_total 1\n# TYPE a counter\n# EOF\n",
            "# TYPE a counter\n# EOF\n",
            "# TYPE b gauge\n# TYPE a counter\n# EOF\n",
            "# UNIT a seconds\n# EOF\n",
            "\n# EOF\n",
        ] {
            assert!(parse(&format!("{head}{breach}")).is_err(), "{breach}");
        }
    }
}
