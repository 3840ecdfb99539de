//! The configuration a kernel was built with.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::files::read::Limited;
use crate::kernel_image::vmlinux;

/// The largest configurations have some 300 KB.
pub(crate) const MAX_CONFIG: u64 = 4 << 20;
/// What stands before a configuration in a kernel that has its own
/// (kernel/configs.c, CONFIG_IKCONFIG).
const IN_KERNEL: &[u8] = b"IKCFG_ST";

/// The options that were set, by their names, without `CONFIG_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelConfig(BTreeMap<String, String>);

/// An option that two kernels have otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherOption {
    /// Its name, without `CONFIG_`.
    pub option: String,
    /// The values in both; none where it is not set.
    pub values: [Option<String>; 2],
}

impl KernelConfig {
    /// Reads the text of a `.config`; none if no line sets an option.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let options = text.lines().filter_map(|line| {
            let (option, value) = line.strip_prefix("CONFIG_")?.split_once('=')?;
            Some((option.to_owned(), value.to_owned()))
        });
        let options: BTreeMap<String, String> = options.collect();
        (!options.is_empty()).then_some(Self(options))
    }

    /// The text of that of a kernel image, a bzImage or a vmlinux, if it is in it.
    pub(crate) fn text_in_image(image: &[u8]) -> Option<String> {
        let unpacked = match image.starts_with(b"\x7fELF") {
            true => None,
            false => vmlinux::decompressed(image).ok(),
        };
        let bytes = unpacked.as_deref().unwrap_or(image);
        let at = vmlinux::find(bytes, IN_KERNEL)? + IN_KERNEL.len();
        let mut text = String::new();
        let packed = GzDecoder::new(&bytes[at..]);
        Limited::new(packed, MAX_CONFIG)
            .read_to_string(&mut text)
            .ok()?;
        Self::parse(&text).map(|_| text)
    }

    /// The value of an option, with `CONFIG_` or without: `y` is built in, `m` a module.
    #[must_use]
    pub fn value(&self, option: &str) -> Option<&str> {
        let option = option.strip_prefix("CONFIG_").unwrap_or(option);
        self.0.get(option).map(String::as_str)
    }

    /// All options that are set, in the order of their names.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.0.iter();
        options.map(|(option, value)| (option.as_str(), value.as_str()))
    }

    /// What differs from another, in the order of names.
    #[must_use]
    pub fn other_than(&self, other: &Self) -> Vec<OtherOption> {
        let mut names: Vec<&String> = self.0.keys().chain(other.0.keys()).collect();
        names.sort();
        names.dedup();
        let both = |name: &&String| [self, other].map(|config| config.0.get(*name).cloned());
        let options = names.into_iter().map(|name| OtherOption {
            option: name.clone(),
            values: both(&name),
        });
        options.filter(|it| it.values[0] != it.values[1]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = "#\n# Linux/x86 6.1\n#\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\n\
                        CONFIG_D=\"a=b\"\n";

    #[test]
    fn options_have_the_values_that_lines_give() {
        let config = KernelConfig::parse(TEXT).unwrap();
        let options: Vec<_> = config.options().collect();
        assert_eq!(options, [("A", "y"), ("C", "m"), ("D", "\"a=b\"")]);
        assert_eq!(config.value("CONFIG_C"), Some("m"));
        assert_eq!(config.value("B"), None);
        assert_eq!(KernelConfig::parse("text"), None);
    }

    #[test]
    fn what_differs_is_told_with_both_values() {
        let config = |text: &str| KernelConfig::parse(text).unwrap();
        let differing = config(TEXT).other_than(&config("CONFIG_A=y\nCONFIG_C=y\nCONFIG_E=1\n"));
        let differing: Vec<_> = differing
            .iter()
            .map(|it| (&*it.option, it.values.each_ref().map(Option::as_deref)))
            .collect();
        assert_eq!(
            differing,
            [
                ("C", [Some("m"), Some("y")]),
                ("D", [Some("\"a=b\""), None]),
                ("E", [None, Some("1")]),
            ]
        );
        assert_eq!(config(TEXT).other_than(&config(TEXT)), []);
    }

    #[test]
    fn a_kernel_may_have_its_own() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(TEXT.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let kernel = [b"\x7fELF.....", IN_KERNEL, &packed, b"IKCFG_ED..."].concat();
        assert_eq!(KernelConfig::text_in_image(&kernel).as_deref(), Some(TEXT));
        assert_eq!(KernelConfig::text_in_image(b"\x7fELF IKCFG_ST"), None);
        assert_eq!(KernelConfig::text_in_image(b"no kernel"), None);
    }
}
