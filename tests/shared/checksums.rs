//! A directory of packages with a signed list, as mainline builds have it.

use jiff::Timestamp;

use crate::key::SigningKey;
use crate::package::TestPackage;
use crate::suite::{Files, sha256};

/// Writes packages, `CHECKSUMS` and `CHECKSUMS.gpg` to a directory.
pub fn publish_checksums(
    key: &SigningKey,
    signed: Timestamp,
    directory: &str,
    packages: &[TestPackage],
    files: &mut Files,
) {
    let mut sha1 = "# Checksums-Sha1:\n".to_owned();
    let mut list = "# Checksums-Sha256:\n".to_owned();
    for package in packages {
        let deb = package.build();
        let name = format!("{}_{}_amd64.deb", package.name, package.version);
        let sum = sha256(&deb);
        sha1 += &format!("{}  {name}\n", &sum[..40]);
        list += &format!("{sum}  {name}\n");
        files.insert(format!("{directory}/{name}"), deb);
    }
    let text = format!("{sha1}\n{list}");
    let signature = key.sign_detached(text.as_bytes(), signed);
    files.insert(format!("{directory}/CHECKSUMS"), text.into_bytes());
    files.insert(format!("{directory}/CHECKSUMS.gpg"), signature);
}
