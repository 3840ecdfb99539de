//! What the page looks like.

use anyhow::Result;
use harness::Merged;

use crate::browser::{Page, open};
use crate::sample::many;
use crate::{CELL, OPEN, merged};

pub(crate) fn it_fits_a_phone() -> Result<()> {
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

pub(crate) fn it_is_legible_in_light_and_in_dark() -> Result<()> {
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

/// They are kept in `target/strata/page`, to be looked at.
pub(crate) fn pictures_of_the_page_differ() -> Result<()> {
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
