//! What executes the guest's instructions: KVM or emulation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Accelerator {
    /// The processor itself, by the kernel's KVM.
    Kvm,
    /// QEMU's emulation.
    Tcg,
}

impl Accelerator {
    /// QEMU's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An accelerator, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChosenAccelerator {
    /// The one to use.
    pub accelerator: Accelerator,
    /// Why, in half a sentence.
    pub why: String,
}

impl ChosenAccelerator {
    pub(crate) fn new(accelerator: Accelerator, why: impl Into<String>) -> Self {
        Self {
            accelerator,
            why: why.into(),
        }
    }
}

impl fmt::Display for ChosenAccelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.accelerator, self.why)
    }
}
