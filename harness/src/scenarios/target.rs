//! What `test-kernels` tests: kernels, and the running one.

use std::str::FromStr;

use guest::{Arch, HOST, NATIVE, Version};
use images::{Catalogue, Kernel, ParseSpecError, SelectError, Spec};

use super::native::native_name;

/// One word of the command line: `native`, or kernels to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The kernel that this host runs.
    Native,
    /// Kernels that are booted.
    Boot(Spec),
}

/// All that is to be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Whether the running kernel is.
    pub native: bool,
    /// The kernels to boot, in their order.
    pub kernels: Vec<Kernel>,
}

impl Targets {
    /// What some words ask for, of an architecture where they name none; the default kernels
    /// where there is no word.
    ///
    /// # Errors
    /// If a word names no kernel.
    pub fn of(
        words: &[Target],
        arch: Option<&'static Arch>,
        catalogue: &Catalogue,
    ) -> Result<Self, SelectError> {
        let specs = words.iter().filter_map(|word| match word {
            Target::Native => None,
            Target::Boot(spec) => Some(spec.clone()),
        });
        let arch = arch.unwrap_or(HOST);
        let specs: Vec<Spec> = specs.map(|spec| spec.on(arch)).collect();
        let native = words.contains(&Target::Native);
        let kernels = match specs[..] {
            [] if native => Vec::new(),
            [] => catalogue.default_kernels_of(arch),
            _ => catalogue.select(&specs)?,
        };
        Ok(Self { native, kernels })
    }

    /// Their names, in the order in which they are run; the running kernel goes
    /// by the version it is claimed to be.
    #[must_use]
    pub fn names(&self, claims: Option<Version>) -> Vec<String> {
        let native = self.native.then(|| native_name(claims));
        native
            .into_iter()
            .chain(self.kernels.iter().map(Kernel::name))
            .collect()
    }
}

impl FromStr for Target {
    type Err = ParseSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            NATIVE => Ok(Self::Native),
            text => text.parse().map(Self::Boot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(words: &[&str]) -> (bool, Vec<String>) {
        let words: Vec<Target> = words.iter().map(|word| word.parse().unwrap()).collect();
        let targets = Targets::of(&words, None, &Catalogue::builtin()).unwrap();
        let names = targets.kernels.iter().map(Kernel::name).collect();
        (targets.native, names)
    }

    #[test]
    fn native_stands_beside_other_kernels() {
        assert_eq!(targets(&["native"]), (true, vec![]));
        assert_eq!(
            targets(&["3.10", "native"]),
            (true, vec!["3.10".to_owned()])
        );
        assert_eq!(targets(&["3.10"]), (false, vec!["3.10".to_owned()]));
        // What may be a release of a source is refused once the sources are known.
        let Ok(Target::Boot(spec)) = "nativ".parse() else {
            panic!("it is one word");
        };
        assert!(images::Catalogue::builtin().select(&[spec]).is_err());
    }
}
