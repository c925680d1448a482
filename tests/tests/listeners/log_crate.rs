//! An application without a `tracing` subscriber, which logs through `log`.

use std::sync::Mutex;

use fluxgate::listeners::LogListener;
use fluxgate_tests::{
    fixture::{breaker_with, fail},
    process::alone,
};
use log::{Level, LevelFilter, Log, Metadata, Record};

static RECORDS: Mutex<Vec<(Level, String, String)>> = Mutex::new(Vec::new());

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        RECORDS.lock().unwrap().push((record.level(), record.target().to_owned(), record.args().to_string()));
    }
    fn flush(&self) {}
}

#[test]
fn a_transition_is_a_record_with_the_fields_in_its_text() {
    // The logger is the process's, and hears nothing once there is a subscriber.
    alone(module_path!(), "a_transition_is_a_record_with_the_fields_in_its_text", || {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Trace);
        let (breaker, _) = breaker_with("FailureStreak(1)", |builder| builder.listener(LogListener));
        fail(&breaker);
        breaker.reset();

        let records = RECORDS.lock().unwrap();
        let [(level, target, text), (reset_level, _, reset)] = &records[..] else { panic!("{records:?}") };
        assert_eq!((*level, target.as_str()), (Level::Warn, "fluxgate"));
        for part in [
            "circuit breaker changed its state",
            "breaker=\"test\"",
            "from=\"closed\"",
            "to=\"open\"",
            "reason=FailureStreak(1): 1 failure in a row",
            "calls=1",
            "failure_rate=1",
            "retry_after=60",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(*reset_level, Level::Info);
        assert!(reset.contains("to=\"closed\" reason=by command"), "{reset}");
    });
}
