//! The kernel that is asked for, among those that repositories list.

use guest::HOST;

use super::trust::not_rolled_back;
use super::{RepomdKind, version_of};
use crate::debian::archive::Archives;
use crate::debian::evidence::Evidence;
use crate::debian::packages::Package;
use crate::files::hash::FileSum;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::rpm::repository::ListedRpm;
use crate::rpm::rpm_version;
use crate::sources::{SourceOffer, UNKNOWN_SIZE};

impl RepomdKind {
    pub(in crate::sources) fn find(
        &self,
        source: &str,
        archives: &Archives,
        archive: &str,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SourceOffer, ObtainError> {
        let base = archive.trim_end_matches('/');
        let title = archives.client.title(base);
        let missing = || ObtainError::unavailable(format!("{title} has no kernel {wanted}"));
        let asked = self.wanted(wanted).ok_or_else(missing)?;
        let mut reasons = Reasons::default();
        for place in &asked.places {
            let mut listed = Vec::new();
            for pattern in self.repositories_of(place.release) {
                let path = pattern.replace("{at}", &place.at);
                let path = path.replace("{arch}", HOST.name);
                match self.read(archives, base, &path, progress) {
                    Ok(packages) => listed.extend(packages),
                    Err(error @ ObtainError::Verification { .. }) => return Err(error),
                    Err(error) => reasons.note(error, progress)?,
                }
            }
            let Some(offer) = self.offer(&listed, asked.exactly) else {
                continue;
            };
            if asked.exactly.is_none() {
                not_rolled_back(&archives.cache, source, wanted, &offer.version)
                    .map_err(|why| ObtainError::unavailable(format!("{title}: {why}")))?;
            }
            return Ok(offer);
        }
        reasons.note(missing(), progress)?;
        Err(reasons.error())
    }

    fn offer(&self, listed: &[ListedRpm], exactly: Option<&str>) -> Option<SourceOffer> {
        self.kernels.iter().find_map(|kernel| {
            let of_name = |name: &str| {
                let name = name.to_owned();
                listed.iter().filter(move |it| it.identity.name == name)
            };
            let wanted =
                |it: &&ListedRpm| exactly.is_none_or(|version| version_of(&it.identity) == version);
            let images = of_name(&kernel.image).filter(wanted);
            let image = images.max_by(|one, two| {
                let [one, two] = [one, two].map(|it| version_of(&it.identity));
                rpm_version::compare(&one, &two)
            })?;
            let version = version_of(&image.identity);
            let others = kernel
                .modules
                .iter()
                .filter_map(|name| of_name(name).find(|it| version_of(&it.identity) == version));
            // The list of what is built in, and the configuration, are beside the image.
            let modules = std::iter::once(image).chain(others);
            Some(SourceOffer {
                modules: modules.map(package_of).collect(),
                version: version.clone(),
                image: package_of(image),
                signer: None,
                evidence: Evidence::of_files(Vec::new()),
            })
        })
    }
}

fn package_of(listed: &ListedRpm) -> Package {
    let file = FileSum {
        path: listed.file.href.clone(),
        size: listed.file.size.unwrap_or(UNKNOWN_SIZE),
        sha256: listed.file.sha256.clone(),
    };
    Package::alone(&listed.identity.name, &version_of(&listed.identity), file)
}
