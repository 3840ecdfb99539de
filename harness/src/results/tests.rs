//! Runs and rows, for tests.

use std::time::Duration;

use guest::RunningKernel;
use jiff::Timestamp;

use super::{Cell, Exit, Header, PastRun, Row, Verdict};

/// A run of this name that began at this second.
pub(crate) fn run(name: &str, second: i64, rows: Vec<Row>) -> PastRun {
    let scenarios = rows.iter().flat_map(|row| &row.cells);
    PastRun {
        header: Header {
            format: 1,
            run: name.to_owned(),
            started: Timestamp::from_second(second).unwrap(),
            host: "host".to_owned(),
            kernels: Vec::new(),
            scenarios: scenarios.map(|cell| cell.scenario.clone()).collect(),
            suite: false,
            repository: None,
            shard: None,
        },
        accelerator: None,
        rows,
        finished: Some(Exit::Agreed),
        flaws: Vec::new(),
    }
}

/// A kernel that shows these verdicts.
pub(crate) fn row(spec: &str, release: Option<&str>, cells: &[(&str, Verdict)]) -> Row {
    let kernel = release.map(|release| RunningKernel {
        release: release.to_owned(),
        version: "#1 SMP".to_owned(),
    });
    let cell = |(name, verdict): &(&str, Verdict)| Cell::without(name, *verdict, "a test");
    Row {
        kernel,
        cells: cells.iter().map(cell).collect(),
        boots: 1,
        took: Duration::from_secs(3),
        ..Row::new(spec, spec)
    }
}
