//! The page of a report, in a real browser.

mod browser;
mod looks;
mod reading;
mod sample;
mod using;

use harness::{Merged, report};
use sample::{many, night, shards};

const CELL: &str = "unshare_newpid_multithreaded@6.1.176";
const OPEN: &str = ".panel:has(:target)";

fn merged() -> Merged {
    Merged::of(&[night()])
}

/// A text with one space wherever it has any.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The link of a cell.
fn link(cell: &str) -> String {
    format!("tbody a[href='#{cell}']")
}

#[test]
fn two_shards_give_the_page_of_one_run() {
    let whole = merged();
    let [first, second] = shards(&night());
    let together = Merged::of(&[second, first]);
    assert_eq!(together.sources.len(), 2);
    let without_sources = |merged: &Merged| {
        let mut merged = merged.clone();
        merged.sources.clear();
        report::page(&merged)
    };
    assert_eq!(without_sources(&together), without_sources(&whole));
    assert_eq!(
        report::details(&together.matrix),
        report::details(&whole.matrix)
    );
}

#[test]
fn a_page_of_many_kernels_stays_small() {
    let page = |kernels| report::page(&Merged::of(&[many(kernels)])).len();
    let (few, lots) = (page(17), page(70));
    assert!(few < 1_500_000, "17 kernels take {few} bytes");
    assert!(lots < 4_000_000, "70 kernels take {lots} bytes");
}
