//! What the page shows.

use anyhow::Result;
use thirtyfour::prelude::*;

use crate::browser::{Page, open};
use crate::sample::HOSTILE;
use crate::{CELL, OPEN, link, merged, words};

pub(crate) fn a_cell_opens_the_claim_what_was_seen_and_the_command() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        assert_eq!(page.shown(".panel").await?, 0);
        page.click(&link(CELL)).await?;
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
        page.click(&format!("{OPEN} .close")).await?;
        assert_eq!(page.shown(".panel").await?, 0);
        Ok(())
    })
}

pub(crate) fn links_of_a_claim_are_links() -> Result<()> {
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

pub(crate) fn a_red_run_begins_with_its_cells() -> Result<()> {
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

pub(crate) fn boundaries_are_marked() -> Result<()> {
    open(&merged(), 1400, "", async |page: &Page| {
        let row = "th#unshare_newpid_multithreaded ~ td";
        let steps = page
            .evaluate(&format!(
                "[...document.querySelectorAll('{row}.step a')].map(a => a.hash)"
            ))
            .await?;
        let at = |version: &str| format!("#unshare_newpid_multithreaded@{version}");
        assert_eq!(steps, serde_json::json!([at("3.12"), at("6.1.176")]));
        // In 3.8 the claim changes, and what the kernel shows does not.
        assert_eq!(page.shown(&format!("{row}.claim")).await?, 1);
        assert!(page.text(row).await?.starts_with("unshare=EINVAL"));
        Ok(())
    })
}

pub(crate) fn a_guest_cannot_reach_the_page() -> Result<()> {
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
        // The page fetches nothing, and a script that a guest adds does not run.
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
