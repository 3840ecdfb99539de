//! How a boot ends.

/// How a boot ended. Only [`End::Complete`] is a whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With the guest's end marker.
    Complete,
    /// With a scenario that did not complete, and may have left the machine changed.
    InDoubt,
    /// The kernel panicked; with its words.
    Panicked(String),
    /// A deadline passed; with the name of what was waited for.
    Hung(String),
    /// The machine ended by itself before the report did.
    Died,
    /// QEMU itself failed or was killed, which the guest cannot do; with how.
    QemuFailed(String),
    /// Records were lost or damaged; with what was wrong.
    Garbled(String),
    /// The guest gave up; with its reason.
    Broken(String),
}
