//! How a reader uses the page.

use anyhow::{Context, Result};
use thirtyfour::prelude::*;

use harness::{Changes, Merged};

use crate::browser::{Page, open, open_compared};
use crate::sample::{night, suite};
use crate::{CELL, OPEN, link, merged};

const ROWS: &str = ".matrix tbody tr:not(.family) th";

pub(crate) fn the_filter_knows_scenarios_and_versions() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let all = page.shown(ROWS).await?;
        page.element("#scenario")
            .await?
            .send_keys("setns vfork")
            .await?;
        assert_eq!(page.shown(ROWS).await?, 1);
        assert_eq!(
            page.text("#shown").await?,
            format!("1 of {all} scenarios, 10 of 10 kernels")
        );

        for (bound, version) in [("#from", "3.8.3"), ("#to", "3.12")] {
            page.element(bound).await?.send_keys(version).await?;
        }
        assert_eq!(page.shown("thead th a").await?, 5);
        assert_eq!(page.shown("th#setns_pid_then_vfork ~ td").await?, 5);
        // The label of hidden cells moves to the visible ones.
        assert!(
            page.text("th#setns_pid_then_vfork ~ td:not([hidden])")
                .await?
                .contains("vfork")
        );

        page.element("#scenario").await?.clear().await?;
        page.click("#reds").await?;
        assert_eq!(page.shown(ROWS).await?, 1);
        page.element("#scenario")
            .await?
            .send_keys("nothing is called that")
            .await?;
        assert!(page.element("#nothing").await?.is_displayed().await?);
        Ok(())
    })
}

pub(crate) fn an_address_tells_the_filter() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let address = async || Ok::<_, anyhow::Error>(page.driver.current_url().await?);
        page.element("#scenario")
            .await?
            .send_keys("vfork setns")
            .await?;
        page.element("#from").await?.send_keys("3.8.3").await?;
        page.click("#changing").await?;
        let told = address().await?;
        assert_eq!(told.query(), Some("find=vfork+setns&changing=&from=3.8.3"));
        page.click("#changing").await?;
        let told = address().await?;
        assert_eq!(told.query(), Some("find=vfork+setns&from=3.8.3"));
        // Opened from that address, with a cell.
        let (cell, shown) = ("setns_pid_then_vfork@3.8.3", page.text("#shown").await?);
        page.driver.goto(format!("{told}#{cell}")).await?;
        page.driver.refresh().await?;
        assert_eq!(page.text("#shown").await?, shown);
        assert_eq!(page.shown(ROWS).await?, 1);
        assert!(page.text(OPEN).await?.contains("Reproduce on 3.8.3"));
        Ok(())
    })
}

pub(crate) fn what_changed_since_another_run_is_found() -> Result<()> {
    let mut before = night();
    before.header.run = "yesterday".to_owned();
    let cells = before.rows.iter_mut().flat_map(|row| &mut row.cells);
    let mut cells = cells.filter(|cell| cell.scenario == "unshare_newuts");
    cells.next().context("a cell")?.verdict = harness::Verdict::Hung;
    let changes = Changes::of(&Merged::of(&[before]), &merged());
    open_compared(&merged(), Some(&changes), 1400, "", async |page: &Page| {
        let list = page.text("section[aria-labelledby='changed']").await?;
        for part in [
            "Since yesterday. 1 changed",
            "unshare_newuts",
            "3.2.4",
            "HUNG → pass",
        ] {
            assert!(list.contains(part), "{part:?} is not in {list:?}");
        }
        page.click("#since").await?;
        assert_eq!(page.shown(ROWS).await?, 1);
        assert_eq!(page.text("td.since sup").await?, "Δ");
        page.click("section[aria-labelledby='changed'] a").await?;
        assert!(page.text(OPEN).await?.contains("Reproduce on 3.2.4"));
        Ok(())
    })
}

pub(crate) fn a_suite_is_shown_by_tests_or_by_cases() -> Result<()> {
    let merged = Merged::of(&[suite()]);
    open(&merged, 1400, "", async |page: &Page| {
        assert_eq!(page.text(".brand").await?, "Strata · probes");
        assert_eq!(page.shown(ROWS).await?, 5);
        assert_eq!(page.text("#shown").await?, "5 of 5 cases, 2 of 2 kernels");
        page.click("#tests").await?;
        assert_eq!(page.shown(".matrix tbody th").await?, 3);
        assert_eq!(page.text("tr.test td").await?, "2");
        // What is looked for in a case finds its test.
        page.element("#scenario").await?.send_keys("EINVAL").await?;
        assert_eq!(page.shown(".matrix tbody th").await?, 1);
        page.element("#scenario").await?.clear().await?;
        page.click("#tests").await?;
        page.click("tbody a[href='#kernel@6.1.176'], tbody a[href='#kernel~@6.1.176']")
            .await?;
        assert!(
            page.text(OPEN)
                .await?
                .contains("strata test --kernel 6.1 --test kernel")
        );
        Ok(())
    })
}

pub(crate) fn the_keyboard_reaches_everything() -> Result<()> {
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
        // The panel stays open from cell to cell.
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

pub(crate) fn it_can_be_read_without_a_script() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        page.without_script().await?;
        assert_eq!(
            page.shown("#controls").await?,
            0,
            "a filter that does nothing"
        );
        assert_eq!(page.shown(ROWS).await?, merged().scenarios.len());
        page.click(&link(CELL)).await?;
        assert_eq!(page.shown(".panel").await?, 1);
        assert!(
            page.text(OPEN)
                .await?
                .contains("cargo xtask test-kernels 6.1 ")
        );
        page.click(&format!("{OPEN} .close")).await?;
        assert_eq!(page.shown(".panel").await?, 0);
        Ok(())
    })
}
