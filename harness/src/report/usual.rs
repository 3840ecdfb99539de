//! How long kernels took in earlier runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::results::Row;
use crate::system::{paths, recall, remember};

/// The seconds that each kernel took last, by its name.
#[derive(Debug)]
pub(super) struct Usual {
    memory: Option<PathBuf>,
    seconds: BTreeMap<String, f64>,
}

impl Usual {
    /// The times of earlier runs.
    pub(super) fn recalled() -> Self {
        Self::in_file(paths::memory("usual.json"))
    }

    fn in_file(memory: Option<PathBuf>) -> Self {
        let seconds = memory.as_deref().and_then(recall).unwrap_or_default();
        Self { memory, seconds }
    }

    /// How long a kernel took last.
    pub(super) fn of(&self, kernel: &str) -> Option<Duration> {
        Duration::try_from_secs_f64(*self.seconds.get(kernel)?).ok()
    }

    /// Remembers the time of a kernel that ran to its end.
    pub(super) fn learn(&mut self, row: &Row) {
        if row.problem.is_some() || row.took.is_zero() {
            return;
        }
        self.seconds
            .insert(row.name.clone(), row.took.as_secs_f64());
        if let Some(memory) = &self.memory {
            // A failure to write is ignored.
            let _ = remember(memory, &self.seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_knows_how_long_a_kernel_took() {
        let dir = tempfile::tempdir().unwrap();
        let memory = Some(dir.path().join("usual.json"));
        let mut row = Row::new("6.1", "6.1");
        let mut usual = Usual::in_file(memory.clone());
        assert_eq!(usual.of("6.1"), None);
        row.took = Duration::from_millis(6500);
        usual.learn(&row);
        let next = Usual::in_file(memory);
        assert_eq!(next.of("6.1"), Some(Duration::from_millis(6500)));
    }
}
