//! The cache, looked at and tidied up.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use support::{CommandResult, run, xtask_command};

fn kernels(cache: &Path, words: &[&str]) -> CommandResult {
    run(xtask_command()
        .arg("kernels")
        .args(words)
        .env("STRATA_CACHE", cache))
}

/// An image in the cache, as the store leaves it there.
fn keep(cache: &Path, debian: &str, sha256: &str) -> std::path::PathBuf {
    let dir = cache.join("kernels").join(debian).join("cloud-amd64");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("vmlinuz"), "image").unwrap();
    let about = format!(
        "debian_version = '{debian}'\npackage = 'linux-image'\n\
         source = 'http://mirror.example.org/debian/pool/linux.deb'\nsize = 5\n\
         sha256 = '{sha256}'\nobtained = '2026-01-01T00:00:00Z'\n"
    );
    fs::write(dir.join("image.toml"), about).unwrap();
    dir
}

/// SHA-256 of `image`.
const IMAGE: &str = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d";

#[test]
fn the_list_says_what_is_cached_and_where_it_came_from() {
    let cache = tempfile::tempdir().unwrap();
    keep(cache.path(), "3.10.11-1", IMAGE);
    kernels(cache.path(), &["list"]).exits(0).prints(&[
        "3.10.11-1",
        "mirror.example.org",
        "1 in the cache",
        "7.3",
    ]);
    let json = kernels(cache.path(), &["list", "--format", "json"]).exits(0);
    let list: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).unwrap();
    let entry = list.iter().find(|entry| entry["name"] == "3.10").unwrap();
    assert_eq!(entry["vendor"], "debian");
    assert_eq!(entry["arch"], "x86_64");
    assert_eq!(entry["cached"]["size"], 5);
    assert_eq!(entry["cached"]["sha256"], IMAGE);
    assert!(
        list.iter()
            .filter(|entry| !entry["cached"].is_null())
            .count()
            == 1
    );
}

#[test]
fn verify_hashes_again() {
    let cache = tempfile::tempdir().unwrap();
    let dir = keep(cache.path(), "3.10.11-1", IMAGE);
    kernels(cache.path(), &["verify"])
        .exits(3)
        .prints(&["3.10.11-1: WRONG: nothing is kept that proves it"]);
    // A project that has pinned it.
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join("strata.toml"), "").unwrap();
    let pin = format!(
        "['3.10']\ndebian = '3.10.11-1'\npackage = 'linux-image-3.10-3-amd64'\n\
         archive = 'debian'\npath = 'pool/linux.deb'\nsize = 9\nsha256 = '{IMAGE}'\n\
         image_size = 5\nimage_sha256 = '{IMAGE}'\nsigner = 'A'\n\
         signed = '2026-01-01T00:00:00Z'\n"
    );
    fs::write(project.path().join("strata.lock"), pin).unwrap();
    let verify = || {
        run(xtask_command()
            .args(["kernels", "verify"])
            .env("STRATA_CACHE", cache.path())
            .current_dir(project.path()))
    };
    verify().exits(0).prints(&["3.10.11-1: intact"]);
    fs::write(dir.join("vmlinuz"), "Image").unwrap();
    verify().exits(3).prints(&["3.10.11-1: WRONG", "altered"]);
}

#[test]
fn prune_leaves_what_the_catalogue_names() {
    let cache = tempfile::tempdir().unwrap();
    let named = keep(cache.path(), "3.10.11-1", IMAGE);
    let other = keep(cache.path(), "3.10.5-1", IMAGE);
    let runs = tempfile::tempdir().unwrap();
    let machines = runs.path().join("machines");
    fs::create_dir(&machines).unwrap();
    let unused = fs::File::create(machines.join("unused")).unwrap();
    unused.set_len(1 << 20).unwrap();
    let days = Duration::from_secs(8 * 24 * 3600);
    unused.set_modified(SystemTime::now() - days).unwrap();
    fs::write(machines.join("used"), "state").unwrap();
    let prune = |words: &[&str]| {
        run(xtask_command()
            .args(["kernels", "prune"])
            .args(words)
            .env("STRATA_CACHE", cache.path())
            .env("STRATA_RUNS", runs.path()))
        .exits(0)
    };
    prune(&[]).prints(&["3.10.5-1: removed", "machines: removed, 1"]);
    assert!(named.exists() && !other.exists());
    assert!(machines.join("used").exists() && !machines.join("unused").exists());
    prune(&["--all"]).prints(&["3.10.11-1: removed", "machines: removed"]);
    assert!(!named.exists() && !machines.join("used").exists());
}

/// Fetches where there is no network at all; none where such a place cannot be made.
fn fetch_without_network(names: &[&str]) -> Option<CommandResult> {
    let cache = tempfile::tempdir().unwrap();
    let ran = run(Command::new("unshare")
        .args(["--map-root-user", "--net"])
        .arg(xtask_command().get_program())
        .args(["kernels", "fetch"])
        .args(names)
        .env("STRATA_CACHE", cache.path()));
    (!ran.stderr.starts_with("unshare:")).then_some(ran)
}

#[test]
fn what_cannot_be_had_is_said() {
    if let Some(ran) = fetch_without_network(&["3.10"]) {
        ran.exits(3).complains(&["3.10: cannot be had"]);
    }
}

#[test]
fn a_reason_that_several_kernels_share_is_said_once() {
    if let Some(ran) = fetch_without_network(&["3.10", "3.12"]) {
        ran.exits(3).complains(&["3.10, 3.12: cannot be had: "]);
    }
}

/// An unpacked package: an image that says what it is, and its configuration.
fn unpacked(release: &str, config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let boot = dir.path().join("boot");
    fs::create_dir(&boot).unwrap();
    let mut image = vec![0; 0x300];
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x20e..0x210].copy_from_slice(&0x80u16.to_le_bytes());
    let banner = format!("{release} (builder@host) #1 SMP\0");
    image[0x280..0x280 + banner.len()].copy_from_slice(banner.as_bytes());
    fs::write(boot.join(format!("vmlinuz-{release}")), image).unwrap();
    fs::write(boot.join(format!("config-{release}")), config).unwrap();
    dir
}

#[test]
fn show_says_what_a_kernel_is_and_was_built_with() {
    let cache = tempfile::tempdir().unwrap();
    let config = "CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=7\n";
    let dir = unpacked("4.18.0-553.el8.x86_64", config);
    let path = dir.path().to_str().unwrap();
    kernels(cache.path(), &["show", path]).exits(0).prints(&[
        "4.18.0-553.el8.x86_64",
        "4.18, changed by a vendor (el8)",
        "1 built in, 1 modules",
    ]);
    let options = ["--config", "CONFIG_A", "--config", "B", "--config", "NONE"];
    let show = [&["show", path], &options[..]].concat();
    kernels(cache.path(), &show).exits(0).prints(&[
        "CONFIG_A=y (built in)",
        "CONFIG_B=m (a module)",
        "CONFIG_NONE is not set",
    ]);
    let show = [&show[..], &["--format", "json"]].concat();
    let json = kernels(cache.path(), &show).exits(0);
    let shown: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(shown["vendor"], "el8");
    let config = serde_json::json!({"A": "y", "B": "m", "NONE": null});
    assert_eq!(shown["config"], config);
}

#[test]
fn diff_says_what_two_kernels_were_built_with() {
    let cache = tempfile::tempdir().unwrap();
    let one = unpacked("6.1.0", "CONFIG_A=y\nCONFIG_B=m\n");
    let other = unpacked("6.12.0", "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=7\n");
    let [one, other] = [&one, &other].map(|dir| dir.path().to_str().unwrap());
    let diff = ["diff", one, other];
    let text = kernels(cache.path(), &diff).exits(0);
    assert!(!text.stdout.contains("CONFIG_A"), "{}", text.stdout);
    text.prints(&["CONFIG_B", "CONFIG_C", "2 options differ"]);
    let json = [&diff[..], &["--format", "json"]].concat();
    let json = kernels(cache.path(), &json).exits(0);
    let compared: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let config = serde_json::json!({"B": ["m", "y"], "C": [null, "7"]});
    assert_eq!(compared["config"], config);
    assert_eq!(compared["kernels"][1]["base"], "6.12");

    kernels(cache.path(), &["diff", one, "5.10..6.1"]).exits(2);
    let config = Path::new(other).join("boot/config-6.12.0");
    fs::remove_file(config).unwrap();
    kernels(cache.path(), &diff)
        .exits(3)
        .complains(&["no configuration to compare"]);
}
