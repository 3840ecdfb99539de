//! Why kernels were not run, each reason once.

use std::collections::BTreeMap;

/// Each reason, with the first kernel that had it.
#[derive(Debug, Default)]
pub(super) struct SaidReasons(BTreeMap<String, String>);

impl SaidReasons {
    /// The reason of a kernel; or which kernel before it had the same. An archive that
    /// is out of reach is the reason of a dozen.
    pub(super) fn once(&mut self, kernel: &str, why: &str) -> String {
        if let Some(first) = self.0.get(why) {
            return format!("as {first}");
        }
        self.0.insert(why.to_owned(), kernel.to_owned());
        why.to_owned()
    }
}
