//! A page in a real Chromium.

use std::env;
use std::io::{BufRead, BufReader};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use harness::{Changes, Merged, report};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// How long the driver may take to start, and a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this host lacks to run a browser.
pub(crate) fn missing() -> Option<&'static str> {
    if chromium().is_none() {
        Some("no chromium")
    } else if on_path("chromedriver").is_none() {
        Some("no chromedriver")
    } else {
        None
    }
}

/// Chromium, or Chrome.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| on_path(name))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut programs = env::split_paths(&path).map(|dir| dir.join(program));
    programs.find(|path| path.is_file())
}

/// The program that steers Chromium. It ends when this is dropped.
struct Chromedriver {
    process: Child,
    address: String,
}

impl Chromedriver {
    fn start() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("running chromedriver (`cargo xtask test --yes` installs it)")?;
        let stdout = process.stdout.take().context("its output was asked for")?;
        let mut driver = Self {
            process,
            address: String::new(),
        };
        // It prints the port on which it listens.
        let (send, received) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let port = line
                    .rsplit_once("successfully on port ")
                    .map(|(_, port)| port.trim_end_matches('.'));
                if let Some(port) = port.and_then(|port| port.parse::<u16>().ok()) {
                    let _ = send.send(port);
                }
            }
        });
        let port = received
            .recv_timeout(PATIENCE)
            .context("waiting for chromedriver to say its port")?;
        driver.address = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An open page.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
}

/// Opens the page of a matrix in a window so many pixels wide, and runs a test on it.
/// `at` is the part of its address after `#`.
pub(crate) fn open(
    merged: &Merged,
    width: u32,
    at: &str,
    test: impl AsyncFnOnce(&Page) -> Result<()>,
) -> Result<()> {
    open_compared(merged, None, width, at, test)
}

/// The same for a page that tells what changed since other runs.
pub(crate) fn open_compared(
    merged: &Merged,
    changes: Option<&Changes>,
    width: u32,
    at: &str,
    test: impl AsyncFnOnce(&Page) -> Result<()>,
) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let path = report::write_page(merged, changes, dir.path())?;
    let address = format!("file://{}#{at}", path.display());
    let chromedriver = Chromedriver::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let driver = runtime
        .block_on(WebDriver::new(
            &chromedriver.address,
            capabilities(dir.path())?,
        ))
        .context("opening Chromium")?;
    let page = Page { driver };
    let done = panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let work = async {
                page.resize(width).await?;
                page.driver.goto(&address).await?;
                test(&page).await
            };
            tokio::time::timeout(PATIENCE, work).await
        })
    }));
    // The browser must go, also if the test failed.
    let gone = runtime.block_on(page.driver.quit());
    match done {
        Ok(done) => done.context("the test took too long")??,
        Err(panicked) => panic::resume_unwind(panicked),
    }
    gone.context("closing Chromium")
}

fn capabilities(profile: &Path) -> Result<impl Into<Capabilities> + use<>> {
    let mut capabilities = DesiredCapabilities::chrome();
    let binary = chromium().context("no chromium here (`cargo xtask test --yes` installs it)")?;
    capabilities.set_binary(&binary.to_string_lossy())?;
    capabilities.add_arg("--headless=new")?;
    capabilities.add_arg(&format!("--user-data-dir={}/profile", profile.display()))?;
    // Containers have little shared memory.
    capabilities.add_arg("--disable-dev-shm-usage")?;
    if nix::unistd::geteuid().is_root() {
        // With its sandbox, Chromium refuses to run as root.
        capabilities.add_arg("--no-sandbox")?;
    }
    Ok(capabilities)
}

impl Page {
    /// Makes the window so many pixels wide, as on a screen of that size.
    pub(crate) async fn resize(&self, width: u32) -> Result<()> {
        let metrics = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await
    }

    /// Asks for light or dark.
    pub(crate) async fn scheme(&self, scheme: &str) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await
    }

    pub(crate) async fn without_script(&self) -> Result<()> {
        self.devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        )
        .await?;
        self.driver.refresh().await?;
        Ok(())
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Result<()> {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .context(method.to_owned())?;
        Ok(())
    }

    pub(crate) async fn element(&self, css: &str) -> Result<WebElement> {
        self.driver
            .find(By::Css(css.to_owned()))
            .await
            .context(css.to_owned())
    }

    /// Clicks the first element of a selector.
    pub(crate) async fn click(&self, css: &str) -> Result<()> {
        Ok(self.element(css).await?.click().await?)
    }

    /// The visible text of an element.
    pub(crate) async fn text(&self, css: &str) -> Result<String> {
        Ok(self.element(css).await?.text().await?)
    }

    /// How many of these elements are visible.
    pub(crate) async fn shown(&self, css: &str) -> Result<usize> {
        let css = Value::from(css);
        let script = format!(
            "[...document.querySelectorAll({css})].filter((e) => e.checkVisibility()).length"
        );
        let shown = self.evaluate(&script).await?.as_u64();
        Ok(usize::try_from(shown.context("no number")?)?)
    }

    /// The value of a script.
    pub(crate) async fn evaluate(&self, script: &str) -> Result<Value> {
        let script = format!("return {script}");
        Ok(self
            .driver
            .execute(script, Vec::new())
            .await?
            .json()
            .clone())
    }

    pub(crate) async fn press(&self, keys: impl Into<TypingData>) -> Result<()> {
        self.driver.active_element().await?.send_keys(keys).await?;
        Ok(())
    }
}
