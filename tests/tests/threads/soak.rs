//! Ten seconds of the example `soak`, which can go on for as long as you like.

#[path = "../../../examples/soak/load.rs"]
mod load;

use std::time::Duration;

use fluxgate_tests::process::alone;
use tokio::runtime::Builder;

#[test]
fn under_load_and_outages_nothing_is_lost_stuck_or_counted_twice() {
    // It counts the breakers of the process, and the memory that it takes.
    alone(module_path!(), "under_load_and_outages_nothing_is_lost_stuck_or_counted_twice", || {
        let plan = load::Plan { breakers: 1_000, tasks: 10_000, lasting: Duration::from_secs(10) };
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let report = runtime.block_on(load::run(plan));
        println!("{report}");
        assert!(report.violations.is_empty(), "{report}");
        assert!(report.calls > 0 && report.rejected > 0 && report.transitions > 0 && report.outages >= 3, "{report}");
    });
}
