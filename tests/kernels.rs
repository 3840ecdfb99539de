//! One test for each kernel and scenario: `3.10::unshare_newpid_multithreaded`.
//!
//! The kernels are the default ones and all others in the cache. Those that are not
//! in the cache are ignored; `cargo xtask test` fetches them, if it can, before it
//! runs the tests. `STRATA_KERNELS` names other kernels, as the command line of
//! `test-kernels` does; these are never ignored.

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use harness::{Matrix, Verdict, cached_kernels, report};
use images::{Catalogue, Kernel, Spec, Store};
use libtest_mimic::{Arguments, Failed, Trial};
use strata_tests::{PrintEvents, run_name, suite, suite_of};

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // Tests of one process share their boots, so threads would only wait.
    arguments.test_threads.get_or_insert(1);
    let mut trials = Vec::new();
    let mut any_cached = false;
    for (kernel, cached) in kernels()? {
        any_cached |= cached;
        for scenario in guest::scenarios::ALL {
            let name = format!("{}::{}", kernel.name(), scenario.name);
            let kernel = kernel.clone();
            let test = move || cell(&kernel, scenario.name).map_err(Failed::from);
            trials.push(Trial::test(name, test).with_ignored_flag(!cached));
        }
    }
    // Otherwise a run in which every kernel is ignored would be green.
    trials.push(Trial::test("a_kernel_is_at_hand", move || {
        if any_cached {
            Ok(())
        } else {
            Err("no kernel is in the cache: `cargo xtask test` fetches what can be had".into())
        }
    }));
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The kernels to test, and whether each is in the cache or named.
fn kernels() -> Result<Vec<(Kernel, bool)>> {
    let catalogue = Catalogue::builtin();
    if let Ok(specs) = env::var("STRATA_KERNELS") {
        let specs = specs.split([' ', ',']).filter(|spec| !spec.is_empty());
        let specs: Vec<Spec> = specs.map(str::parse).collect::<Result<_, _>>()?;
        let kernels = catalogue.select(&specs)?;
        return Ok(kernels.into_iter().map(|kernel| (kernel, true)).collect());
    }
    let cached = cached_kernels(&catalogue, &Store::builder(&catalogue).build()?);
    let by_default = catalogue.default_kernels();
    let all = catalogue.select(&["all".parse()?])?;
    Ok(all
        .into_iter()
        .map(|kernel| {
            let is_cached = cached.contains(&kernel);
            (kernel, is_cached)
        })
        .filter(|(kernel, is_cached)| *is_cached || by_default.contains(kernel))
        .collect())
}

/// Passes if the kernel shows what is claimed.
fn cell(kernel: &Kernel, scenario: &str) -> Result<(), String> {
    let row = match env::var("NEXTEST_ATTEMPT") {
        // A second attempt boots the kernel again, for this scenario only.
        Ok(attempt) if attempt != "1" => {
            let run = format!("{}-{scenario}-attempt{attempt}", run_name());
            let scenario = guest::scenarios::find(scenario).into_iter().collect();
            suite_of(&run, vec![kernel.clone()], scenario)
                .and_then(|suite| suite.row_once(kernel, &PrintEvents))
        }
        _ => suite(&run_name(), vec![kernel.clone()])
            .and_then(|suite| suite.row_once(kernel, &PrintEvents)),
    };
    let mut row = row.map_err(|error| format!("{error:#}"))?;
    row.cells.retain(|cell| cell.scenario == scenario);
    match row.cells.first() {
        Some(cell) if cell.verdict == Verdict::Passed => Ok(()),
        Some(cell) if cell.verdict == Verdict::NotRun => Err(format!(
            "not run: {}",
            cell.why.as_deref().unwrap_or_default()
        )),
        Some(_) => {
            let details = report::details(&Matrix { rows: vec![row] });
            Err(report::for_people(details).map_err(|error| format!("{error:#}"))?)
        }
        None => Err(format!("the report says nothing of {scenario}")),
    }
}
