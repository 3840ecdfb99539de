//! The seeds of the fuzz targets, through the same functions, with any compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A fuzz target, and the function that checks its properties for any bytes.
type FuzzTarget = (&'static str, fn(&[u8]));

const TARGETS: [FuzzTarget; 17] = [
    ("apt", images::fuzzing::apt),
    ("bzimage", images::fuzzing::bzimage),
    ("catalogue", images::fuzzing::catalogue),
    ("console", harness::fuzzing::console),
    ("elf", harness::fuzzing::elf),
    ("index", images::fuzzing::index),
    ("ld_cache", harness::fuzzing::ld_cache),
    ("modules", images::fuzzing::modules),
    ("package", images::fuzzing::package),
    ("record", guest::fuzzing::record),
    ("release", images::fuzzing::release),
    ("ring", guest::fuzzing::ring),
    ("repomd", images::fuzzing::repomd),
    ("rpm", images::fuzzing::rpm),
    ("script", harness::fuzzing::script),
    ("spec", images::fuzzing::spec),
    ("version", guest::fuzzing::version),
];

fn corpus(target: &str) -> PathBuf {
    harness::root().join("fuzz/corpus").join(target)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_input_of_the_corpus_holds() {
    for (name, holds) in TARGETS {
        let inputs = files(&corpus(name));
        assert!(!inputs.is_empty(), "{name} starts from nothing");
        for input in inputs {
            println!("{}", input.display());
            holds(&fs::read(&input).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_input_holds_too(
        input in any::<Index>(),
        damages in vec((any::<Index>(), any::<u8>()), 1..5),
        cut in any::<Index>(),
    ) {
        for (name, holds) in TARGETS {
            let mut inputs = files(&corpus(name));
            inputs.sort();
            let mut bytes = fs::read(input.get(&inputs)).unwrap();
            for (place, byte) in &damages {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            holds(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            holds(&bytes);
        }
    }
}

#[test]
fn every_fuzz_target_is_here() {
    let targets = files(&harness::root().join("fuzz/fuzz_targets"));
    let names: BTreeSet<_> = (targets.iter())
        .map(|target| target.file_stem().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, TARGETS.map(|(name, _)| name).into());
}
