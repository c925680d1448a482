//! The conformance lists: what a breaker decides, and where it stands, after each event of each case.

use fluxgate_tests::conformance::{Case, difference, overlapping, run, run_observed, sequential};

fn assert_all_agree(cases: &[Case]) {
    let differences: Vec<_> = cases.iter().filter_map(difference).collect();
    let (agreed, total) = (cases.len() - differences.len(), cases.len());
    println!("{agreed} of {total} cases agree");
    assert!(differences.is_empty(), "{agreed} of {total} cases agree\n{}", differences.join("\n"));
}

#[test]
fn sequential_calls_end_as_in_the_original_library() {
    let cases = sequential();
    assert_eq!(cases.len(), 60);
    assert_all_agree(&cases);
}

#[test]
fn overlapping_calls_end_as_the_model_says() {
    let cases = overlapping();
    assert_eq!(cases.len(), 60);
    assert_all_agree(&cases);
}

#[test]
fn both_lists_end_the_same_when_every_call_takes_the_lock() {
    for case in sequential().iter().chain(&overlapping()) {
        let locked = run_observed(case, fluxgate::__private::always_locked, |_| ());
        assert!(locked == run(case), "{}", case.name);
    }
}
