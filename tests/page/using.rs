//! How a reader uses the page.

use anyhow::{Context, Result};
use thirtyfour::prelude::*;

use crate::browser::{Page, open};
use crate::{CELL, OPEN, link, merged};

pub(crate) fn the_filter_knows_scenarios_and_versions() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let rows = ".matrix tbody tr:not(.family) th";
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
        // The label of hidden cells moves to the visible ones.
        assert!(
            page.text("th#setns_pid_then_vfork ~ td:not([hidden])")
                .await?
                .contains("vfork")
        );

        page.element("#scenario").await?.clear().await?;
        page.click("#reds").await?;
        assert_eq!(page.shown(rows).await?, 1);
        page.element("#scenario")
            .await?
            .send_keys("nothing is called that")
            .await?;
        assert!(page.element("#nothing").await?.is_displayed().await?);
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
        assert_eq!(
            page.shown(".matrix tbody tr:not(.family) th").await?,
            merged().scenarios.len()
        );
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
