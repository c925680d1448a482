//! Ten seconds of the example `soak`, which can go on for as long as you like.

#[path = "../../examples/soak/load.rs"]
mod load;

use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_and_outages_nothing_is_lost_stuck_or_counted_twice() {
    let plan = load::Plan { breakers: 1_000, tasks: 10_000, lasting: Duration::from_secs(10) };
    let report = load::run(plan).await;
    println!("{report}");
    assert!(report.violations.is_empty(), "{report}");
    assert!(report.calls > 0 && report.rejected > 0 && report.transitions > 0 && report.outages >= 3, "{report}");
}
