//! From specs to kernels.

use guest::{HOST, arch};

use crate::catalogue::kernel_file::KernelFile;
use crate::catalogue::spec::Spec;
use crate::catalogue::{Catalogue, Kernel};
use crate::local::LocalKernel;
use crate::messages::error::SelectError;
use crate::sources::VendorKernel;

impl Catalogue {
    /// The kernels that any of the specs asks for: those of the catalogue in
    /// version order, one architecture after the other, then those of vendors and then files, in the order given, none of
    /// them twice.
    ///
    /// # Errors
    /// Where a spec matches nothing, or names a file that is no kernel.
    pub fn select(&self, specs: &[Spec]) -> Result<Vec<Kernel>, SelectError> {
        let nothing = vec![false; self.entries.len()];
        let mut chosen = arch::ALL.map(|arch| (arch, nothing.clone()));
        let (mut vendored, mut files) = (Vec::new(), Vec::new());
        for spec in specs.iter().flat_map(Spec::each) {
            let of_sources = self.vendored(spec)?;
            if !of_sources.is_empty() {
                for kernel in of_sources {
                    if !vendored.contains(&kernel) {
                        vendored.push(kernel);
                    }
                }
                continue;
            }
            if let Some(path) = spec.file() {
                LocalKernel::at(path)?;
                if !files.iter().any(|file| file == path) {
                    files.push(path.to_owned());
                }
                continue;
            }
            let of = spec.arch().unwrap_or(HOST);
            let mut choose = |spec: &Spec| {
                let mut matched = false;
                let (_, chosen) = (chosen.iter_mut())
                    .find(|(arch, _)| *arch == of)
                    .expect("all architectures are there");
                for (number, entry) in self.entries.iter().enumerate() {
                    let latest = spec.is_latest() && number + 1 == self.entries.len();
                    if latest || spec.matches(entry) {
                        chosen[number] = true;
                        matched = true;
                    }
                }
                matched
            };
            if let Some(unknown) = spec.unknown_word() {
                return Err(SelectError::NoName(unknown.to_string()));
            }
            if !choose(spec) && !spec.as_series().is_some_and(|series| choose(&series)) {
                return Err(SelectError::Unknown {
                    spec: spec.to_string(),
                    nearest: self.nearest(spec),
                });
            }
        }
        let of_arch = |(arch, chosen): (_, Vec<bool>)| {
            let entries = self.entries.iter().zip(chosen);
            let chosen = entries.filter(|(_, chosen)| *chosen);
            chosen.map(move |(entry, _)| Kernel::Catalogued(entry.on(arch)))
        };
        let chosen = chosen.into_iter().flat_map(of_arch);
        let vendored = vendored.into_iter().map(Kernel::Vendored);
        let files = KernelFile::each(files).into_iter().map(Kernel::File);
        Ok(chosen.chain(vendored).chain(files).collect())
    }

    /// The kernels of vendors' sources, where a spec begins with the name of one, or is a
    /// group. A file of that name is written with a dot: `./ubuntu/22.04`.
    fn vendored(&self, spec: &Spec) -> Result<Vec<VendorKernel>, SelectError> {
        let Some(name) = spec.source_name() else {
            return Ok(Vec::new());
        };
        let group = self.sources.group(name);
        let one = [name.to_owned()];
        let mut kernels = Vec::new();
        for name in group.unwrap_or(&one) {
            let unknown = |names| SelectError::NotOfSource {
                spec: name.clone(),
                names,
            };
            match self.sources.kernels(name) {
                Some(found) => kernels.extend(found.map_err(unknown)?),
                None if group.is_some() => return Err(unknown(Vec::new())),
                None => {}
            }
        }
        Ok(kernels)
    }

    /// Up to three names near what was asked for.
    fn nearest(&self, spec: &Spec) -> Vec<String> {
        let target = spec.target();
        let at = self
            .entries
            .partition_point(|entry| target.is_some_and(|target| entry.version() < target));
        let last = self.entries.len().saturating_sub(3);
        let from = at.saturating_sub(2).min(last);
        let names = self.entries.iter().skip(from).take(3);
        names.map(|entry| entry.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use guest::Version;

    use super::*;
    use crate::kernel_image::bzimage;

    fn catalogue() -> Catalogue {
        let mut text = "snapshot = 'http://archive.example.org'\nsubstitutes = []\n".to_owned();
        for debian in [
            "3.8.13-1",
            "3.9.8-1",
            "3.10.11-1",
            "3.13.10-1",
            "4.19.37-6",
            "5.4.19-1",
            "5.10.223-1",
            "6.1.176-1",
            "7.3.4-1~bpo13+1",
        ] {
            let (version, _) = Version::leading(debian).unwrap();
            text += &format!(
                "[[kernel]]\nname = '{}'\ndebian = '{debian}'\nsuite = 'unstable'\n\
                 uploaded = '2013-01-01T00:00:00Z'\n",
                version.series()
            );
        }
        Catalogue::parse(&text).unwrap()
    }

    fn names(specs: &[&str]) -> Vec<String> {
        let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
        let kernels = catalogue().select(&specs).unwrap();
        kernels.iter().map(Kernel::name).collect()
    }

    #[test]
    fn a_group_is_the_kernels_of_vendors_that_it_lists() {
        let spec = |text: &str| text.parse::<Spec>().unwrap();
        let select = |text: &str| Catalogue::builtin().select(&[spec(text)]);
        let customers = select("customers").unwrap();
        assert!(customers.len() > 10);
        let is_vendored = |kernel: &Kernel| matches!(kernel, Kernel::Vendored(_));
        assert!(customers.iter().all(is_vendored));
        let more: Vec<String> = select("6.1,el7,customers")
            .unwrap()
            .iter()
            .map(Kernel::name)
            .collect();
        assert_eq!(more[..2], ["6.1", "centos/7"]);
        assert_eq!(more.len(), customers.len() + 1);
        let range: Vec<String> = select("mainline/6.12..6.12.2")
            .unwrap()
            .iter()
            .map(Kernel::name)
            .collect();
        assert_eq!(
            range,
            ["mainline/6.12", "mainline/6.12.1", "mainline/6.12.2"]
        );
        assert!(select("mainline/6.12..6.13").is_err());
        assert!(matches!(select("custom"), Err(SelectError::NoName(_))));
    }

    #[test]
    fn each_form_selects_what_it_says() {
        assert_eq!(names(&["3.10"]), ["3.10"]);
        assert_eq!(names(&["5"]), ["5.4", "5.10"]);
        assert_eq!(names(&["6.1.176"]), ["6.1"]);
        assert_eq!(names(&["6.1.176-1"]), ["6.1"]);
        assert_eq!(names(&["7.3.4-1~bpo13+1"]), ["7.3"]);
        assert_eq!(names(&[">=5.10"]), ["5.10", "6.1", "7.3"]);
        assert_eq!(names(&[">5.10"]), ["6.1", "7.3"]);
        assert_eq!(names(&["<4.0"]), ["3.8", "3.9", "3.10", "3.13"]);
        assert_eq!(names(&["<=3.10"]), ["3.8", "3.9", "3.10"]);
        assert_eq!(names(&["3.8..3.13"]), ["3.8", "3.9", "3.10", "3.13"]);
        assert_eq!(names(&["all"]).len(), 9);
        assert_eq!(names(&["latest"]), ["7.3"]);
        assert_eq!(names(&["v6.1"]), ["6.1"]);
        assert_eq!(names(&["6.1.0"]), ["6.1"]);
        assert_eq!(names(&["6.1,5.10,<=3.8"]), ["3.8", "5.10", "6.1"]);
    }

    #[test]
    fn a_comparison_looks_only_at_the_numbers_given() {
        assert_eq!(names(&["<=4"]).last().unwrap(), "4.19");
        assert_eq!(names(&[">5"]), ["6.1", "7.3"]);
        assert_eq!(names(&[">=6.1.100"]), ["6.1", "7.3"]);
        assert_eq!(names(&[">6.1.176"]), ["7.3"]);
    }

    #[test]
    fn a_selection_is_in_version_order_without_repeats() {
        assert_eq!(
            names(&["6.1", "3.10", "5", "<=3.10"]),
            ["3.8", "3.9", "3.10", "5.4", "5.10", "6.1"]
        );
    }

    #[test]
    fn an_unknown_name_brings_the_nearest() {
        for (spec, expected) in [
            ("3.11", ["3.9", "3.10", "3.13"]),
            ("9", ["5.10", "6.1", "7.3"]),
            ("2.6", ["3.8", "3.9", "3.10"]),
            ("6.1.9-1", ["5.4", "5.10", "6.1"]),
            ("6.2.0", ["5.10", "6.1", "7.3"]),
            ("6.1,6.2", ["5.10", "6.1", "7.3"]),
        ] {
            match catalogue().select(&[spec.parse().unwrap()]) {
                Err(SelectError::Unknown { nearest, .. }) => {
                    assert_eq!(nearest, expected, "{spec}")
                }
                other => panic!("{spec}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_file_is_looked_at_before_it_is_booted() {
        let dir = tempfile::tempdir().unwrap();
        let select =
            |path: &std::path::Path| catalogue().select(&[path.to_str().unwrap().parse().unwrap()]);
        let text = dir.path().join("notes.txt");
        std::fs::write(&text, "no kernel").unwrap();
        assert!(matches!(select(&text), Err(SelectError::NotAKernel { .. })));
        assert!(matches!(
            select(dir.path()),
            Err(SelectError::Unreadable { .. } | SelectError::NotAKernel { .. })
        ));
        assert!(matches!(
            select(&dir.path().join("none")),
            Err(SelectError::Unreadable { .. })
        ));
        let image = dir.path().join("bzImage");
        std::fs::write(&image, bzimage::tests::header()).unwrap();
        let kernels = select(&image).unwrap();
        assert_eq!(kernels, [Kernel::File(image.into())]);
        assert_eq!(kernels[0].name(), "bzImage");
    }
}
