//! The files that hold the keys of vendors.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::debian::keyring::Keyring;
use crate::files::read::read_bytes;

/// A key ring of a distribution has some 50 kB.
const MAX_KEY_RING: u64 = 4 << 20;

/// Those of `images/keyrings` that are a vendor's; see the README there.
const BUILT_IN: [(&str, &[u8]); 3] = [
    (
        "archlinux.gpg",
        include_bytes!("../../keyrings/archlinux.gpg"),
    ),
    (
        "ubuntu-archive-keyring.gpg",
        include_bytes!("../../keyrings/ubuntu-archive-keyring.gpg"),
    ),
    (
        "rpm-vendors.gpg",
        include_bytes!("../../keyrings/rpm-vendors.gpg"),
    ),
];

/// A key ring of the user is relative to the file that names it; one without a slash
/// that is built in is not.
pub(super) fn make_absolute(source: &mut toml::Table, dir: &Path) {
    let rings = source
        .get_mut("key_rings")
        .and_then(toml::Value::as_array_mut);
    for ring in rings.into_iter().flatten() {
        if let toml::Value::String(name) = ring
            && !BUILT_IN.iter().any(|(built_in, _)| built_in == name)
        {
            *name = dir.join(&*name).to_string_lossy().into_owned();
        }
    }
}

/// The keys with these fingerprints, out of all that are in the files; all of them
/// where no fingerprints are given.
pub(super) fn open(rings: &[String], keys: &BTreeSet<String>) -> Result<Keyring> {
    let mut all = Keyring::empty();
    for ring in rings {
        let built_in = BUILT_IN.iter().find(|(name, _)| name == ring);
        let bytes = match built_in {
            Some((_, bytes)) => bytes.to_vec(),
            None => read_bytes(Path::new(ring), MAX_KEY_RING)
                .with_context(|| format!("the key ring {ring}"))?,
        };
        all.extend(Keyring::parse(&bytes).with_context(|| format!("the key ring {ring}"))?);
    }
    all.keep(|fingerprint| keys.is_empty() || keys.contains(fingerprint));
    for key in keys {
        ensure!(
            all.has(key),
            "the key {key} is not in {}",
            rings.join(" or ")
        );
    }
    Ok(all)
}
