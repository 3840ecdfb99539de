//! The generated document in the repository.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use guest::scenarios;

use super::history;
use crate::system::paths;

/// `docs/history.md` and its expected text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    path: PathBuf,
    text: String,
}

impl History {
    /// The document of this workspace's table.
    #[must_use]
    pub fn of_the_workspace() -> Self {
        Self {
            path: paths::root().join("docs/history.md"),
            text: history(scenarios::ALL),
        }
    }

    /// Whether the file has the expected text.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn is_current(&self) -> Result<bool> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            read => Ok(read.with_context(|| format!("reading {self}"))? == self.text.as_bytes()),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.text).with_context(|| format!("writing {self}"))
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.strip_prefix(paths::root());
        write!(f, "{}", path.unwrap_or(&self.path).display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_table_says() {
        let history = History::of_the_workspace();
        assert!(
            history.is_current().unwrap(),
            "{history} is out of date; `cargo xtask history` writes it"
        );
    }
}
