//! Invented runs: all scenarios, on kernels that show what is claimed, except in the
//! cells that a test changes.

use guest::{Observation, Outcome, RunningKernel, Scenario, Version, scenarios};
use harness::{
    Accelerator, Cell, ChosenAccelerator, Exit, Header, PastRun, Problem, Row, Verdict, judge,
};
use jiff::Timestamp;

/// Hostile text of a guest.
pub(crate) const HOSTILE: &str = "</pre><script>document.title='taken'</script><img src=x>";

const KERNELS: [&str; 10] = [
    "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.12", "4.4.155", "5.10.223", "6.1.176",
    "7.3.4",
];

/// A run in which 6.1 does not do what is claimed, 3.12 panics, and 5.10 cannot
/// be had.
pub(crate) fn night() -> PastRun {
    let mut run = run(
        "20261123T030000Z-7",
        KERNELS.iter().map(|version| row(version)),
    );
    let failed = cell(&mut run, "6.1", "unshare_newpid_multithreaded");
    failed.verdict = Verdict::Failed;
    failed.observed = Observation::written("unshare=EINVAL child=outer");
    failed.observed.0[1].value = HOSTILE.to_owned();
    failed.console = vec!["[    4.1] line".to_owned(), HOSTILE.to_owned()];
    let panicked = cell(&mut run, "3.12", "setns_pid_dead");
    panicked.verdict = Verdict::Panicked;
    panicked.observed = Observation::default();
    panicked.why = Some("Kernel panic - not syncing: oops".to_owned());
    let absent = &mut run.rows[7];
    absent.kernel = None;
    absent.problem = Some(Problem::Unavailable("name does not resolve".to_owned()));
    let not_run = |cell: &Cell| Cell::without(&cell.scenario, Verdict::NotRun, "no network");
    absent.cells = absent.cells.iter().map(not_run).collect();
    run
}

/// A run on so many kernels, each of a series of its own.
pub(crate) fn many(kernels: u16) -> PastRun {
    let versions = (0..kernels).map(|number| Version::point(4 + number / 20, number % 20, 17));
    run("many", versions.map(|version| row(&version.to_string())))
}

/// A run of somebody's own suite on two kernels: a test with cases, and one without, whose
/// names are words of the page.
pub(crate) fn suite() -> PastRun {
    let cell = |name: &str, verdict, value: &str| Cell {
        observed: Observation::written(&format!("x={value}")),
        ..Cell::without(name, verdict, "")
    };
    let rows = [("5.10.223", "EINVAL"), ("6.1.176", "ok")].map(|(version, value)| Row {
        cells: vec![
            cell("probe", Verdict::Passed, "0"),
            cell("probe::a b", Verdict::NoClaim, value),
            cell("probe::a_b", Verdict::Passed, "ok"),
            cell("kernel", Verdict::Failed, "1"),
            cell("nothing", Verdict::Passed, "0"),
        ],
        ..row(version)
    });
    let mut run = run("suite", rows.into_iter());
    run.header.suite = true;
    run.header.repository = Some("/home/me/probes".into());
    run.header.scenarios = ["probe", "kernel", "nothing"].map(str::to_owned).to_vec();
    run
}

/// The same work, shared out between two hosts: every second kernel, and of one
/// kernel every second scenario.
pub(crate) fn shards(run: &PastRun) -> [PastRun; 2] {
    [0, 1].map(|shard| {
        let mut part = run.clone();
        part.header.run = format!("shard-{shard}");
        part.header.host = format!("host-{shard}");
        let rows = part.rows.drain(..).enumerate();
        let mine = |(number, mut row): (usize, Row)| {
            if number == 0 {
                let cells = row.cells.drain(..).enumerate();
                let cells = cells.filter(|(number, _)| number % 2 == shard);
                row.cells = cells.map(|(_, cell)| cell).collect();
                return Some(row);
            }
            (number % 2 == shard).then_some(row)
        };
        part.rows = rows.filter_map(mine).collect();
        part
    })
}

fn run(name: &str, rows: impl Iterator<Item = Row>) -> PastRun {
    PastRun {
        header: Header {
            format: harness::FORMAT,
            run: name.to_owned(),
            started: Timestamp::UNIX_EPOCH,
            host: "host".to_owned(),
            kernels: Vec::new(),
            scenarios: scenarios::ALL.iter().map(|s| s.name.to_owned()).collect(),
            suite: false,
            repository: None,
            shard: None,
        },
        accelerator: Some(ChosenAccelerator {
            accelerator: Accelerator::Tcg,
            why: "for a test".to_owned(),
        }),
        rows: rows.collect(),
        finished: Some(Exit::Agreed),
        flaws: Vec::new(),
    }
}

fn row(version: &str) -> Row {
    let kernel = RunningKernel {
        release: version.to_owned(),
        version: "#1 SMP".to_owned(),
    };
    let series = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let name = if version == "3.10.4" {
        "3.10.4"
    } else {
        &series
    };
    let cell = |scenario: &Scenario| {
        let claim = version
            .parse()
            .ok()
            .and_then(|version| scenario.claim(version));
        let observed = claim.map(guest::Claim::observation).unwrap_or_default();
        judge(scenario, &kernel, &Outcome::Completed, observed)
    };
    Row {
        cells: scenarios::ALL.iter().map(cell).collect(),
        kernel: Some(kernel.clone()),
        boots: 1,
        ..Row::new(name, name)
    }
}

fn cell<'a>(run: &'a mut PastRun, kernel: &str, scenario: &str) -> &'a mut Cell {
    let row = run.rows.iter_mut().find(|row| row.name == kernel);
    let cells = row.into_iter().flat_map(|row| &mut row.cells);
    let mut found = cells.filter(|cell| cell.scenario == scenario);
    found
        .next()
        .expect("the sample has that kernel and scenario")
}
