//! Names in a file that no breaker of the program has: of few breakers all are listed, of many the first.
//!
//! A binary of its own with one test, for it counts all breakers of the process.

use fluxgate::{CircuitBreaker, Configuration, configure};

fn told(file: &str) -> String {
    let configuration: Configuration = toml::from_str(file).unwrap();
    configure(&configuration).unwrap_err().to_string()
}

#[test]
fn an_unknown_name_is_told_which_there_are_and_how_many_more() {
    let strange = "[breakers.'something else']";
    assert_eq!(told(strange), "no breaker is named `something else`, for there is none yet");

    let mut breakers: Vec<_> = (0..9).map(|number| CircuitBreaker::new(format!("b{number}"))).collect();
    breakers.push(CircuitBreaker::new("b9"));
    let all = "`b0`, `b1`, `b2`, `b3`, `b4`, `b5`, `b6`, `b7`, `b8`, `b9`";
    assert_eq!(told(strange), format!("no breaker is named `something else`; there are {all}"));

    breakers.extend(["c0", "c1"].map(CircuitBreaker::new));
    assert_eq!(told(strange), format!("no breaker is named `something else`; there are {all} and 2 more"));

    let two = "[breakers.'something else']\n[breakers.'and another thing']";
    assert_eq!(told(two).lines().count(), 2, "one a line");
}
