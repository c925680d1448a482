//! A scan of Cargo.toml for a dependency that renames the package.
//!
//! A TOML parser would be a third of what the default build compiles, to find one string. Cargo has read the manifest
//! before, so the scan need not recognise mistakes: of a file that is not TOML it finds something or nothing.

use std::{collections::BTreeMap, iter::Peekable, str::Chars};

/// The package of the crate `fluxgate`.
const PACKAGE: &str = "fluxgate-breaker";

/// Returns the name of the crate in a manifest that has a dependency with `package = "fluxgate-breaker"`.
///
/// A crate can have several such dependencies. One of `[dependencies]` is preferred, because code outside of tests and
/// build scripts sees no other.
pub(super) fn renamed(manifest: &str) -> Option<String> {
    if !manifest.contains(PACKAGE) {
        return None;
    }
    let mut scan = Scan { rest: manifest.chars().peekable(), found: BTreeMap::new() };
    scan.document();
    let (dependency, is_renamed) = scan.found.pop_first()?;
    is_renamed.then(|| dependency.key.replace('-', "_"))
}

/// The tables of dependencies, preferred ones first.
const TABLES: [&[&str]; 3] =
    [&["dependencies"], &["dev-dependencies", "dev_dependencies"], &["build-dependencies", "build_dependencies"]];

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    /// The position of its table in `TABLES`.
    rank: usize,
    key: String,
}

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
    /// The dependencies on the package, and whether each renames it.
    found: BTreeMap<Dependency, bool>,
}

impl Scan<'_> {
    fn document(&mut self) {
        let mut table = Vec::new();
        loop {
            self.skip(char::is_whitespace);
            match self.rest.peek() {
                None => return,
                Some('[') => {
                    self.skip(|char| char == '[');
                    table = self.path();
                    self.skip(|char| char == ']');
                }
                Some(_) => self.pair(&table),
            }
        }
    }

    /// Reads `key = value` in a table, or passes over one character that begins no such pair.
    fn pair(&mut self, table: &[String]) {
        let key = self.path();
        self.skip(is_blank);
        if self.rest.peek() == Some(&'=') {
            self.rest.next();
            self.value(&[table, &key].concat());
        } else if key.is_empty() {
            self.rest.next();
        }
    }

    /// Reads a key: `a`, `"a"`, `'a'`, or several of these with dots between them.
    fn path(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        loop {
            self.skip(is_blank);
            let key = match self.rest.peek() {
                Some('"' | '\'') => self.string(),
                Some(&char) if is_bare(char) => self.bare(),
                _ => return path,
            };
            path.push(key);
            self.skip(is_blank);
            if self.rest.peek() != Some(&'.') {
                return path;
            }
            self.rest.next();
        }
    }

    fn value(&mut self, path: &[String]) {
        self.skip(is_blank);
        match self.rest.peek() {
            Some('{') => self.inline_table(path),
            Some('[') => self.array(path),
            Some('"' | '\'') => {
                let value = self.string();
                self.meet(path, &value);
            }
            _ => {
                self.skip(|char| !matches!(char, ',' | '}' | ']' | '\n'));
                self.meet(path, "");
            }
        }
    }

    fn inline_table(&mut self, path: &[String]) {
        self.rest.next();
        loop {
            self.skip(|char| char.is_whitespace() || char == ',');
            match self.rest.peek() {
                None => return,
                Some('}') => break,
                Some(_) => self.pair(path),
            }
        }
        self.rest.next();
    }

    fn array(&mut self, path: &[String]) {
        self.rest.next();
        // No dependency is in an array.
        let path = [path, &[String::new()]].concat();
        loop {
            self.skip(|char| char.is_whitespace() || char == ',');
            match self.rest.peek() {
                None => return,
                Some(']') => break,
                // Not a value.
                Some('}') => drop(self.rest.next()),
                Some(_) => self.value(&path),
            }
        }
        self.rest.next();
    }

    fn bare(&mut self) -> String {
        let mut text = String::new();
        while let Some(char) = self.rest.next_if(|&char| is_bare(char)) {
            text.push(char);
        }
        text
    }

    /// Reads a string of any of the four kinds. An escape stays as it is written, for no name has one.
    fn string(&mut self) -> String {
        let Some(quote) = self.rest.next() else { return String::new() };
        let mut text = String::new();
        let end = if self.rest.next_if_eq(&quote).is_none() {
            1
        } else if self.rest.next_if_eq(&quote).is_some() {
            3
        } else {
            return text;
        };
        let mut quotes = 0;
        while quotes < end {
            let Some(char) = self.rest.next() else { return text };
            quotes = if char == quote { quotes + 1 } else { 0 };
            text.push(char);
            if char == '\\' && quote == '"' {
                text.extend(self.rest.next());
            }
        }
        text.truncate(text.len() - end);
        // The last characters of the text may be quotes too.
        while end == 3 && self.rest.next_if_eq(&quote).is_some() {}
        text
    }

    /// Passes over characters of this kind, and over comments between them.
    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        loop {
            if self.rest.peek() == Some(&'#') {
                while self.rest.next_if(|&char| char != '\n').is_some() {}
            } else if self.rest.next_if(|&char| is_skipped(char)).is_none() {
                return;
            }
        }
    }

    /// Takes notice of a value at a path, such as `dependencies.breakers.package`.
    fn meet(&mut self, path: &[String], value: &str) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let path = path.strip_prefix(&["target"]).and_then(|rest| rest.get(1..)).unwrap_or(&path);
        let &[table, key, ref setting @ ..] = path else { return };
        let Some(rank) = TABLES.iter().position(|names| names.contains(&table)) else { return };
        // A dependency without the key `package` is on the package that is its own key.
        let is_renamed = setting == ["package"] && value == PACKAGE;
        if is_renamed || key == PACKAGE {
            *self.found.entry(Dependency { rank, key: key.to_owned() }).or_default() |= is_renamed;
        }
    }
}

fn is_bare(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}

fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::renamed;

    const RENAMED: &str = "[dependencies]\nb = { package = \"fluxgate-breaker\" }\n";

    #[track_caller]
    fn name(manifest: &str, expected: impl Into<Option<&'static str>>) {
        let expected = expected.into();
        assert_eq!(renamed(manifest).as_deref(), expected, "{manifest}");
        assert_eq!(renamed(&manifest.replace('\n', "\r\n")).as_deref(), expected, "with CRLF: {manifest}");
    }

    #[test]
    fn a_crate_that_does_not_rename_it_has_no_name_of_its_own() {
        name("", None);
        name("[dependencies]\nserde = '1'", None);
        name("[dependencies]\nfluxgate-breaker = '0.1'", None);
        name("[dependencies]\nfluxgate-breaker = { version = '0.1', features = ['tokio'] }", None);
        name("[dependencies.fluxgate-breaker]\nversion = '0.1'", None);
        name("[dependencies]\nfluxgate-breaker.workspace = true", None);
        name("[package]\nname = 'fluxgate-breaker'\n[lib]\nname = 'fluxgate'", None);
    }

    #[test]
    fn a_key_with_the_package_is_the_name() {
        name("[dependencies]\nbreakers = { package = \"fluxgate-breaker\", version = \"0.1\" }", "breakers");
        name("[dependencies]\nbreakers={version=\"0.1\",package=\"fluxgate-breaker\"}", "breakers");
        name("[dependencies]\nbreakers = { path = '../x', package = 'fluxgate-breaker' }", "breakers");
        name("[dependencies]\nbreakers = { package = \"\"\"fluxgate-breaker\"\"\" }", "breakers");
        name("[dependencies]\nfluxgate = { package = 'fluxgate-breaker' }", "fluxgate");
        name("[dependencies]\nfluxgate-breaker = { package = 'fluxgate-breaker' }", "fluxgate_breaker");
        name("[dependencies]\nfluxgate-breaker = { version = '1', package = 'fluxgate-breaker' }", "fluxgate_breaker");
    }

    #[test]
    fn dashes_are_underscores_in_a_name() {
        name("[dependencies]\nmy-circuit-breakers = { package = 'fluxgate-breaker' }", "my_circuit_breakers");
    }

    #[test]
    fn a_table_of_its_own_dotted_keys_and_a_table_in_several_lines_are_read() {
        name("[dependencies.breakers]\nversion = '0.1'\npackage = 'fluxgate-breaker'\n", "breakers");
        name("[ dependencies . breakers ]\npackage = 'fluxgate-breaker'\n", "breakers");
        name("[dependencies]\nbreakers.package = 'fluxgate-breaker'\nbreakers.version = '0.1'", "breakers");
        name("[dependencies]\nbreakers . package = 'fluxgate-breaker'", "breakers");
        name("dependencies.breakers.package = 'fluxgate-breaker'", "breakers");
        name("dependencies = { breakers = { package = 'fluxgate-breaker' } }", "breakers");
        name("[dependencies]\nb = {\n  version = '0.1', # new\n  package = 'fluxgate-breaker',\n}", "b");
    }

    #[test]
    fn keys_can_be_quoted() {
        name("[dependencies]\n\"breakers\" = { 'package' = \"fluxgate-breaker\" }", "breakers");
        name("[\"dependencies\".'breakers']\n\"package\" = \"fluxgate-breaker\"", "breakers");
    }

    #[test]
    fn dependencies_of_tests_build_scripts_and_targets_count() {
        for table in ["dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies"] {
            name(&format!("[{table}]\nb = {{ package = 'fluxgate-breaker' }}"), "b");
        }
        for target in ["x86_64-pc-windows-msvc", "'cfg(unix)'", r#""cfg(target_os = \"linux\")""#, "'cfg(a.b]#c)'"] {
            name(&format!("[target.{target}.dependencies]\nb = {{ package = 'fluxgate-breaker' }}"), "b");
            name(&format!("[target.{target}.dev-dependencies.b]\npackage = 'fluxgate-breaker'"), "b");
            name(&format!("[target]\n{target}.dependencies.b.package = 'fluxgate-breaker'"), "b");
        }
    }

    #[test]
    fn the_name_that_all_code_sees_is_preferred() {
        let dependency = |table, key| format!("[{table}]\n{key} = {{ package = 'fluxgate-breaker' }}\n");
        let build = dependency("build-dependencies", "in_build");
        let dev = dependency("dev-dependencies", "in_tests");
        let target = dependency("target.'cfg(unix)'.dependencies", "in_code");
        name(&format!("{build}{dev}{target}"), "in_code");
        name(&format!("{target}{dev}{build}"), "in_code");
        name(&format!("{build}{dev}"), "in_tests");
        name(&format!("{dev}[dependencies]\nfluxgate-breaker = '0.1'"), None);
    }

    #[test]
    fn comments_are_passed_over() {
        name("[dependencies]\n# b = { package = 'fluxgate-breaker' }", None);
        name("[dependencies] # all\nb = { package = 'fluxgate-breaker' } # [other]", "b");
        name("[dependencies]\nserde = '1' # \"\nb = { package = 'fluxgate-breaker' }", "b");
        name("[dependencies.b] # '\n# version = '1\nversion = 1 # \"\npackage = 'fluxgate-breaker'", "b");
        name(&format!("[package]\nkeywords = [\n  'a', # ]\n]\n{RENAMED}"), "b");
    }

    #[test]
    fn text_is_not_taken_for_keys() {
        name(&format!("[package]\ndescription = \"\"\"\n{RENAMED}\"\"\""), None);
        name(&format!("[package]\ndescription = '''\n{RENAMED}'''"), None);
        name(&format!("[package]\ndescription = \"\"\"a \\\"\"\" b \"\"\"\"\n{RENAMED}"), "b");
        name(&format!("[package]\ndescription = '# [a] \\'\nversion = \"\\\\\"\nname = \"\"\n{RENAMED}"), "b");
        name("[package]\ndescription = \"[dependencies] b = { package = 'fluxgate-breaker' }\"", None);
    }

    #[test]
    fn other_tables_are_not_dependencies() {
        name("[patch.crates-io]\nb = { package = 'fluxgate-breaker', path = '..' }", None);
        name("[workspace.dependencies]\nb = { package = 'fluxgate-breaker' }", None);
        name("[package.metadata.dependencies]\nb = { package = 'fluxgate-breaker' }", None);
        name("[dependencies]\nb = { package = 'fluxgate-breaker-tools' }", None);
        name("[dependencies]\nb = { features = ['fluxgate-breaker'], version = '1' }", None);
        name(&format!("[[bin]]\nname = 'fluxgate-breaker'\n{RENAMED}"), "b");
    }

    #[test]
    fn values_of_every_kind_are_passed_over() {
        let manifest = r#"
            a = 1
            b = -1.5e3
            c = true
            d = 1979-05-27T07:32:00Z
            e = [1, [2, "]"], { x = [], y = "}" }, # [
                 3]
            f = {}
            [profile.release]
            lto = "fat"
            [dependencies]
            x = { features = ["a", "b"], version = "1" }
            b = { features = ["}"], default-features = false, package = "fluxgate-breaker" }
        "#;
        name(manifest, "b");
    }

    #[test]
    fn a_file_that_is_not_toml_is_read_to_its_end() {
        let manifest = "[dependencies]\nb = { package = \"fluxgate-breaker\", x = [1, '''a'''] }\n[[c]]\n";
        for (index, _) in manifest.char_indices() {
            for inserted in ["", "\"", "'''", "[", "]", "{", "}", "=", ".", ",", "#", "\\", "\n", "\u{feff}", "ß"] {
                let (before, after) = manifest.split_at(index);
                drop(renamed(&format!("{before}{inserted}{after}")));
                drop(renamed(&format!("{before}{inserted} fluxgate-breaker")));
            }
        }
    }
}
