//! What a caller may be told while something is obtained.

/// Is told of downloads; called from several threads at once.
///
/// A transfer is known by its `name`. Every method may be left out.
pub trait Progress: Send + Sync {
    /// A transfer begins, or begins again; `total` is in bytes, where it is known.
    fn started(&self, name: &str, total: Option<u64>) {
        let _ = (name, total);
    }

    /// So many more bytes of the transfer are there.
    fn advanced(&self, name: &str, bytes: u64) {
        let _ = (name, bytes);
    }

    /// The transfer has ended, well or not.
    fn finished(&self, name: &str) {
        let _ = name;
    }

    /// A step begins that takes a moment, such as `QEMU 7.2: unpacking`; the next
    /// step, transfer or note ends it.
    fn step(&self, text: &str) {
        let _ = text;
    }

    /// Something worth a line to a person: one sentence, no newline.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
