//! What the documents show of `replay` is what it does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Parser;
use fluxgate_replay::{arguments::Arguments, comparison, policy::Policy, replay_all, trace::Trace};
use fluxgate_tests::replay::Folder;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The arguments of the first command in a document that begins so, without the program's name.
fn arguments_in(document: &str, begin: &str) -> Vec<String> {
    let text =
        fs::read_to_string(repository().join(document)).expect("a document of the repository").replace("\\\n", " ");
    let command = text.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{document} has {begin}"));
    let (_, arguments) = command.split_once(" -- ").expect("arguments");
    let quoted = arguments.split('"').enumerate();
    quoted
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// `TRYBUILD=overwrite` writes the document anew, as it does with the messages of the macros.
fn assert_shown(document: &str, expected: &str, shown: &str) {
    if shown != expected && std::env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
        let path = repository().join(document);
        let text = fs::read_to_string(&path).expect("a document of the repository");
        fs::write(path, text.replace(shown, expected)).expect("it can be written");
        return;
    }
    assert!(shown == expected, "{document} should show\n{expected}\nbut shows\n{shown}");
}

#[test]
fn the_picture_in_the_readme_is_what_its_command_draws() {
    let mut arguments = arguments_in("README.md", "cargo run --release --example replay");
    let picture = 1 + arguments.iter().position(|argument| argument == "--svg").expect("a picture");
    let drawn = std::mem::replace(&mut arguments[picture], "./drawn.svg".to_owned());
    let trace = arguments.last_mut().expect("a trace");
    *trace = repository().join(&trace).display().to_string();
    let folder = Folder::new();
    folder.replay(arguments.iter().map(String::as_str)).expect("the command of the README");
    let shown = fs::read_to_string(repository().join(&drawn)).expect("the picture of the README");
    assert_shown(&drawn, &folder.read("drawn.svg"), &shown);
}

#[test]
fn the_table_in_the_guide_is_what_its_command_prints() {
    let arguments = arguments_in("fluxgate/src/guide/in_production.md", "cargo run --release --example replay");
    let arguments = Arguments::try_parse_from([vec!["replay".to_owned()], arguments].concat()).expect("its command");
    let policies = Policy::all_of(&arguments);
    let folder = repository().join("examples/traces");
    let expected: String = ["outage", "brown_out", "flapping", "deploy_blip", "retry_storm"]
        .iter()
        .map(|name| {
            let trace = Trace::read(&folder.join(name).with_extension("csv")).expect("a trace of the examples");
            let replays = replay_all(&trace, &policies).expect("policies that can be built");
            comparison::markdown(&trace, &comparison::figures(&trace, &replays))
        })
        .collect();
    let guide = fs::read_to_string(repository().join("fluxgate/src/guide/in_production.md")).expect("the guide");
    let header = "| trace | tripper | time open | harm | spared | detected after | transitions |\n|---|---|---|---|---|---|---|\n";
    let (_, table) = guide.split_once(header).expect("the table");
    let shown = table.split("\n\n").next().unwrap_or_default().to_owned() + "\n";
    assert_shown("fluxgate/src/guide/in_production.md", &expected, &shown);
}
