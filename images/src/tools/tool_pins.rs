//! `tools.lock`: the packages of each tool, and the hash of what they unpack to.

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debian::packages::{Package, is_relative};
use crate::files::hash::{FileSum, parse_sha256};
use crate::tools::ToolName;

const HEAD: &str = "\
# The tools that Strata brings along. Written by
# `cargo run -p strata-images --example pin_tools`; not to be edited by hand.

";
pub(crate) const BUILT_IN: &str = include_str!("../../tools.lock");

/// The pins of all tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolPins {
    /// The suite that all of it is from.
    pub(crate) suite: String,
    /// A time at which the snapshot archive has all of it.
    pub(crate) snapshot: Timestamp,
    #[serde(default, rename = "tool")]
    pub(crate) tools: Vec<PinnedTool>,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedTool {
    pub(crate) name: ToolName,
    /// SHA-256 of the list of its files.
    pub(crate) tree: String,
    #[serde(rename = "package")]
    pub(crate) packages: Vec<PinnedPackage>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Path of the `.deb` from the archive's root.
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl PinnedPackage {
    pub(crate) fn of(package: &Package) -> Self {
        let FileSum { path, size, sha256 } = package.file.clone();
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            path,
            size,
            sha256,
        }
    }

    pub(crate) fn file(&self) -> FileSum {
        FileSum {
            path: self.path.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
        }
    }
}

impl PinnedTool {
    /// The version of its main package.
    pub(crate) fn version(&self) -> &str {
        let main = self.name.packages()[0];
        let main = self.packages.iter().find(|package| package.name == main);
        main.map_or("", |package| &package.version)
    }
}

impl ToolPins {
    /// Reads the file. Hashes in it become the names of files and directories.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let pins: Self = toml::from_str(text).context("tools.lock is malformed")?;
        for tool in &pins.tools {
            let is_hash = |text: &String| parse_sha256(text).as_ref() == Some(text);
            let mut packages = tool.packages.iter();
            anyhow::ensure!(
                packages.all(|package| is_hash(&package.sha256) && is_relative(&package.path))
                    && is_hash(&tool.tree)
                    && !tool.version().is_empty(),
                "tools.lock is malformed: {}",
                tool.name
            );
        }
        Ok(pins)
    }

    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(format!("{HEAD}{}", toml::to_string(self)?))
    }

    pub(crate) fn of(&self, name: ToolName) -> Option<&PinnedTool> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}
