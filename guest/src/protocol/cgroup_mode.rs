//! Which control groups a program finds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How control groups are mounted, as systemd mounts them in each of its modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CgroupMode {
    /// The controllers of the first version, each in a hierarchy of its own.
    V1,
    /// The unified hierarchy.
    V2,
    /// The controllers of the first version, and the unified hierarchy without controllers.
    Hybrid,
    /// None.
    None,
}

impl CgroupMode {
    const ALL: [Self; 4] = [Self::V1, Self::V2, Self::Hybrid, Self::None];

    /// Whether control groups of a version are mounted.
    #[must_use]
    pub const fn has(self, version: u8) -> bool {
        match self {
            Self::V1 => version == 1,
            Self::V2 => version == 2,
            Self::Hybrid => true,
            Self::None => false,
        }
    }
}

impl fmt::Display for CgroupMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Hybrid => "hybrid",
            Self::None => "none",
        })
    }
}

impl FromStr for CgroupMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modes = Self::ALL.into_iter();
        let mode = modes.find(|mode| mode.to_string() == text);
        mode.ok_or_else(|| "write v1, v2, hybrid or none".to_owned())
    }
}
