//! The page of a report, in a real browser.

mod browser;
mod looks;
mod reading;
mod sample;
mod using;

use std::process::ExitCode;

use anyhow::Result;
use harness::{Merged, report};
use sample::{many, night, shards, suite};
use strata_tests::{run_tests, tests};

/// Tests that need a browser are ignored, with the reason, where there is none.
fn main() -> ExitCode {
    let without_browser = tests![
        two_shards_give_the_page_of_one_run,
        each_case_of_a_suite_has_an_address_of_its_own,
        a_page_of_many_kernels_stays_small,
    ];
    let in_browser = tests![
        looks::it_fits_a_phone,
        looks::it_is_legible_in_light_and_in_dark,
        looks::pictures_of_the_page_differ,
        reading::a_cell_opens_the_claim_what_was_seen_and_the_command,
        reading::links_of_a_claim_are_links,
        reading::a_red_run_begins_with_its_cells,
        reading::boundaries_are_marked,
        reading::a_guest_cannot_reach_the_page,
        using::the_filter_knows_scenarios_and_versions,
        using::an_address_tells_the_filter,
        using::what_changed_since_another_run_is_found,
        using::a_suite_is_shown_by_tests_or_by_cases,
        using::the_keyboard_reaches_everything,
        using::it_can_be_read_without_a_script,
    ];
    run_tests([(without_browser, None), (in_browser, browser::missing())])
}

const CELL: &str = "unshare_newpid_multithreaded@6.1.176";
const OPEN: &str = ".panel:has(:target)";

fn merged() -> Merged {
    Merged::of(&[night()])
}

/// A text with its white space collapsed.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The link of a cell.
fn link(cell: &str) -> String {
    format!("tbody a[href='#{cell}']")
}

fn two_shards_give_the_page_of_one_run() -> Result<()> {
    let whole = merged();
    let [first, second] = shards(&night());
    let together = Merged::of(&[second, first]);
    assert_eq!(together.sources.len(), 2);
    let without_sources = |merged: &Merged| {
        let mut merged = merged.clone();
        merged.sources.clear();
        report::page(&merged, None)
    };
    assert_eq!(without_sources(&together), without_sources(&whole));
    assert_eq!(
        report::details(&together.matrix),
        report::details(&whole.matrix)
    );
    Ok(())
}

/// Nor has a case that of a part of the page.
fn each_case_of_a_suite_has_an_address_of_its_own() -> Result<()> {
    let page = report::page(&Merged::of(&[suite()]), None);
    let ids = page.split(" id=\"").skip(1);
    let mut ids: Vec<&str> = ids.filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "two elements have one address");
    assert!(ids.contains(&"case@probe::a~20b") && ids.contains(&"probe::a_b@6.1.176"));
    assert!(page.contains("strata test --kernel 6.1</code>"), "{page}");
    Ok(())
}

fn a_page_of_many_kernels_stays_small() -> Result<()> {
    let page = |kernels| report::page(&Merged::of(&[many(kernels)]), None).len();
    let (few, lots) = (page(17), page(70));
    assert!(few < 2_000_000, "17 kernels take {few} bytes");
    assert!(lots < 7_000_000, "70 kernels take {lots} bytes");
    Ok(())
}
