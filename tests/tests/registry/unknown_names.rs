//! Names in a file that no breaker of the program has: of few breakers all are listed, of many the first.

use fluxgate::{CircuitBreaker, Configuration, configure};
use fluxgate_tests::process::turn;

fn told(file: &str) -> String {
    let configuration: Configuration = toml::from_str(file).unwrap();
    configure(&configuration).unwrap().to_string()
}

#[test]
fn an_unknown_name_is_told_which_there_are_and_how_many_more() {
    let _turn = turn();
    let strange = "[breakers.'something else']";
    assert_eq!(told(strange), "no breaker is named `something else`; there is none yet");

    let mut breakers: Vec<_> = (0..9).map(|number| CircuitBreaker::new(format!("b{number}"))).collect();
    breakers.push(CircuitBreaker::new("b9"));
    let all = "`b0`, `b1`, `b2`, `b3`, `b4`, `b5`, `b6`, `b7`, `b8`, `b9`";
    assert_eq!(told(strange), format!("no breaker is named `something else`; there are {all}"));

    breakers.extend(["c0", "c1"].map(CircuitBreaker::new));
    assert_eq!(told(strange), format!("no breaker is named `something else`; there are {all} and 2 more"));

    let two = "[breakers.'something else']\n[breakers.'and another thing']";
    assert_eq!(told(two).lines().count(), 2, "one a line");

    // Names that look the same.
    let composed = CircuitBreaker::new("caf\u{e9}");
    let told_of = told("[breakers.'cafe\u{301}']");
    assert_eq!(told_of, r"no breaker is named `cafe\u{301}`; did you mean `caf\u{e9}`, which looks the same?");
    drop(composed);

    // Of thousands, the first are explained and all can be asked for.
    let many: Vec<_> = (0..4_000).map(|number| CircuitBreaker::new(format!("service number {number}"))).collect();
    let tables = (0..4_000).map(|number| format!("[breakers.'service nomber {number}']"));
    let file = tables.collect::<Vec<_>>().join("\n");
    let unmatched = configure(&toml::from_str::<Configuration>(&file).unwrap()).unwrap();
    let text = unmatched.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((unmatched.names().len(), lines.len()), (4_000, 21));
    assert_eq!(lines[0], "no breaker is named `service nomber 0`; did you mean `service number 0`?");
    assert_eq!(lines[20], "3980 more names match no breaker");
    drop(many);
}
