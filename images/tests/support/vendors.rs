//! A store that knows the archives of vendors, which are those of a test.

use std::fs;
use std::path::PathBuf;

use images::{Kernel, Sources, StoreBuilder};

use super::{TestArchive, UPLOADED_2013, files_below};

/// A store that knows these sources alone, with more words about them, and the kernel that a
/// text asks it for.
pub(crate) fn asked(
    archive: &TestArchive,
    sources: &[&str],
    more: &str,
    text: &str,
) -> (StoreBuilder, Kernel) {
    let (ring, file) = (archive.path("key.gpg"), archive.path("sources.toml"));
    fs::write(&ring, archive.key.public_key()).unwrap();
    let source = |name: &&str| {
        format!(
            "[[source]]\nname = '{name}'\narchives = ['{}']\nkeys = ['{}']\n\
             key_rings = ['key.gpg']\n",
            archive.server.url(name),
            archive.key.fingerprint()
        )
    };
    let text_of = sources.iter().map(source).collect::<String>();
    fs::write(&file, text_of + more).unwrap();
    let mut catalogue = archive.catalogue(&[("6.1.176-1", "bookworm", UPLOADED_2013)]);
    catalogue.sources = Sources::of_file(&file).unwrap();
    let mut kernels = catalogue.select(&[text.parse().unwrap()]).unwrap();
    let builder = images::Store::builder(&catalogue)
        .cache_dir(archive.path("cache"))
        .kernel_pins("")
        .apt_dir(archive.path("apt"))
        .mirror(archive.server.url("nothing-is-here"));
    (builder, kernels.remove(0))
}

/// Neither image nor package is kept.
pub(crate) fn nothing_is_kept(archive: &TestArchive) {
    let kept = files_below(&archive.path("cache"));
    let of_index = |path: &PathBuf| path.parent().unwrap().ends_with("indexes");
    assert!(kept.iter().all(of_index), "{kept:?}");
}
