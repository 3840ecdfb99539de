//! The page of a report, in a real browser.

mod browser;
mod sample;

use anyhow::{Context, Result};
use browser::{Page, open};
use harness::{Merged, report};
use sample::{HOSTILE, many, night, shards};
use thirtyfour::prelude::*;

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

#[test]
fn a_cell_opens_the_claim_what_was_seen_and_the_command() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        assert_eq!(page.shown(".panel").await?, 0);
        page.element(&link(CELL)).await?.click().await?;
        assert_eq!(page.shown(".panel").await?, 1);
        let text = page.text(OPEN).await?;
        for part in [
            "FAIL",
            "Claimed since 3.12",
            "CLONE_NEWPID no longer implies CLONE_THREAD",
            "observed on 3.12",
            "[ 4.1] line",
            "cargo xtask test-kernels 6.1 --scenario unshare_newpid_multithreaded",
        ] {
            assert!(words(&text).contains(part), "{part:?} is not in {text:?}");
        }
        let commit = page
            .element(&format!("{OPEN} .commit a"))
            .await?
            .attr("href")
            .await?;
        assert_eq!(
            commit.as_deref(),
            Some("https://git.kernel.org/linus/6e556ce209b0")
        );
        let facts = page.text(&format!("{OPEN} table.facts tbody tr")).await?;
        assert_eq!(facts, "unshare ok EINVAL ✕\nnot what is claimed");
        page.element(&format!("{OPEN} .close"))
            .await?
            .click()
            .await?;
        assert_eq!(page.shown(".panel").await?, 0);
        Ok(())
    })
}

#[test]
fn where_people_met_it_is_a_link() -> Result<()> {
    open(
        &merged(),
        1400,
        "after_unshare_clone_parent@3.12",
        async |page: &Page| {
            let link = page
                .element(&format!("{OPEN} .links a"))
                .await?
                .attr("href")
                .await?;
            assert_eq!(
                link.as_deref(),
                Some("https://github.com/lxc/lxc/issues/185")
            );
            Ok(())
        },
    )
}

#[test]
fn a_night_that_failed_opens_with_the_cell() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        assert!(page.text("h1").await?.ends_with("2 cells are red"));
        let items = page.driver.find_all(By::Css(".list.bad li a")).await?;
        let mut red = Vec::new();
        for item in &items {
            red.push(words(&item.text().await?));
        }
        assert_eq!(
            red,
            [
                "PANICKED 3.12 setns_pid_dead",
                "FAIL 6.1.176 unshare_newpid_multithreaded"
            ]
        );
        items[0].click().await?;
        assert!(
            page.text(OPEN)
                .await?
                .contains("Kernel panic - not syncing: oops")
        );
        assert!(
            page.text("section[aria-labelledby=not-run]")
                .await?
                .contains("name does not resolve")
        );
        Ok(())
    })
}

#[test]
fn boundaries_are_marked() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let row = "th#unshare_newpid_multithreaded ~ td";
        let steps = page
            .evaluate(&format!(
                "[...document.querySelectorAll('{row}.step a')].map(a => a.hash)"
            ))
            .await?;
        let at = |version: &str| format!("#unshare_newpid_multithreaded@{version}");
        assert_eq!(steps, serde_json::json!([at("3.12"), at("6.1.176")]));
        // The claim changed with 3.8, and what is seen did not.
        assert_eq!(page.shown(&format!("{row}.claim")).await?, 1);
        assert!(page.text(row).await?.starts_with("unshare=EINVAL"));
        Ok(())
    })
}

#[test]
fn the_filter_knows_scenarios_and_versions() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let rows = ".matrix tbody th";
        let all = page.shown(rows).await?;
        page.element("#scenario")
            .await?
            .send_keys("setns vfork")
            .await?;
        assert_eq!(page.shown(rows).await?, 1);
        assert_eq!(
            page.text("#shown").await?,
            format!("1 of {all} scenarios, 10 of 10 kernels")
        );

        for (bound, version) in [("#from", "3.8.3"), ("#to", "3.12")] {
            page.element(bound).await?.send_keys(version).await?;
        }
        assert_eq!(page.shown("thead th a").await?, 5);
        assert_eq!(page.shown("th#setns_pid_then_vfork ~ td").await?, 5);
        // What was written over cells that are gone is written over the rest.
        assert!(
            page.text("th#setns_pid_then_vfork ~ td:not([hidden])")
                .await?
                .contains("vfork")
        );

        page.element("#scenario").await?.clear().await?;
        page.element("#reds").await?.click().await?;
        assert_eq!(page.shown(rows).await?, 1);
        page.element("#scenario")
            .await?
            .send_keys("nothing is called that")
            .await?;
        assert!(page.element("#nothing").await?.is_displayed().await?);
        Ok(())
    })
}

#[test]
fn all_of_it_can_be_had_from_the_keyboard() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let focus = async || {
            page.driver
                .active_element()
                .await?
                .attr("href")
                .await
                .context("focus")
        };
        let at = |cell: &str| Some(format!("#{cell}"));
        page.press("/").await?;
        page.press("unshare_newpid").await?;
        assert_eq!(
            page.element("#scenario")
                .await?
                .prop("value")
                .await?
                .as_deref(),
            Some("unshare_newpid")
        );
        // The matrix is one stop, after the fields and the kernels' names.
        for _ in 0..40 {
            page.press(Key::Tab).await?;
            if focus()
                .await?
                .is_some_and(|href| href.starts_with("#unshare_"))
            {
                break;
            }
        }
        assert_eq!(focus().await?, at("unshare_newpid_single_threaded@3.2.4"));
        page.press(Key::Down).await?;
        page.press(Key::End).await?;
        page.press(Key::Left).await?;
        assert_eq!(focus().await?, at(CELL));
        let outline = page
            .evaluate("getComputedStyle(document.activeElement).outlineStyle")
            .await?;
        assert_eq!(outline, "solid");
        page.press(Key::Enter).await?;
        assert!(page.text(OPEN).await?.contains("6.1.176"));
        // From cell to cell, the panel staying open.
        page.press(Key::Right).await?;
        assert!(page.text(OPEN).await?.contains("Reproduce on 7.3.4"));
        page.press(Key::Left).await?;
        page.press(Key::Escape).await?;
        assert_eq!(page.shown(".panel").await?, 0);
        assert_eq!(focus().await?, at(CELL));
        page.press(Key::Enter).await?;
        page.press("/").await?;
        assert_eq!(page.shown(".panel").await?, 0);
        let focused = page.evaluate("document.activeElement.id").await?;
        assert_eq!(focused, "scenario");
        Ok(())
    })
}

#[test]
fn it_can_be_read_without_a_script() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        page.without_script().await?;
        assert_eq!(
            page.shown("#controls").await?,
            0,
            "a filter that does nothing"
        );
        assert_eq!(
            page.shown(".matrix tbody th").await?,
            merged().scenarios.len()
        );
        page.element(&link(CELL)).await?.click().await?;
        assert_eq!(page.shown(".panel").await?, 1);
        assert!(
            page.text(OPEN)
                .await?
                .contains("cargo xtask test-kernels 6.1 ")
        );
        page.element(&format!("{OPEN} .close"))
            .await?
            .click()
            .await?;
        assert_eq!(page.shown(".panel").await?, 0);
        Ok(())
    })
}

#[test]
fn it_fits_a_phone() -> Result<()> {
    for (merged, kernels) in [(merged(), "ten"), (Merged::of(&[many(70)]), "seventy")] {
        open(&merged, 390, "", async |page: &Page| {
            let width = page
                .evaluate("document.documentElement.scrollWidth")
                .await?;
            assert_eq!(width, 390, "with {kernels} kernels the page is too wide");
            let cell = page.element(".matrix tbody td a").await?;
            cell.click().await?;
            let open = page.element(OPEN).await?.rect().await?;
            assert_eq!((open.x, open.width), (0.0, 390.0));
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn it_is_legible_in_light_and_in_dark() -> Result<()> {
    open(&merged(), 1400, CELL, async |page: &Page| {
        let mut papers = Vec::new();
        for scheme in ["light", "dark"] {
            page.scheme(scheme).await?;
            let faint = page.evaluate(include_str!("contrast.js")).await?;
            assert_eq!(
                faint,
                serde_json::json!([]),
                "too little contrast in {scheme}"
            );
            papers.push(
                page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
                    .await?,
            );
        }
        assert_ne!(papers[0], papers[1]);
        Ok(())
    })
}

/// The pictures are left in `target/strata/page`, to be looked at.
#[test]
fn it_can_be_looked_at() -> Result<()> {
    let dir = harness::target().join("strata/page");
    std::fs::create_dir_all(&dir)?;
    open(&merged(), 1400, "", async |page: &Page| {
        let mut pictures = Vec::new();
        for (name, width, scheme) in [
            ("desktop", 1400, "light"),
            ("desktop-dark", 1400, "dark"),
            ("phone", 390, "light"),
        ] {
            page.scheme(scheme).await?;
            page.resize(width).await?;
            let picture = page.driver.screenshot_as_png().await?;
            std::fs::write(dir.join(format!("{name}.png")), &picture)?;
            assert!(!pictures.contains(&picture), "{name} looks like another");
            pictures.push(picture);
        }
        Ok(())
    })
}

#[test]
fn a_guest_cannot_reach_the_page() -> Result<()> {
    open(&merged(), 1400, CELL, async |page: &Page| {
        assert_eq!(page.driver.title().await?, "2 cells are red · Strata");
        assert_eq!(page.shown("img").await?, 0);
        assert_eq!(page.evaluate("document.scripts.length").await?, 1);
        let console = page.element(&format!("{OPEN} .console")).await?;
        assert!(console.text().await?.contains(HOSTILE));
        assert!(
            page.text(&format!("{OPEN} table.facts"))
                .await?
                .contains(HOSTILE)
        );
        // Nothing is fetched, and what a guest would add is not run either.
        assert_eq!(
            page.evaluate("performance.getEntriesByType('resource').length")
                .await?,
            0
        );
        let added = "(() => { const s = document.createElement('script'); \
                     s.textContent = 'document.title = 1'; document.body.append(s); \
                     return document.title; })()";
        assert_eq!(page.evaluate(added).await?, "2 cells are red · Strata");
        Ok(())
    })
}
