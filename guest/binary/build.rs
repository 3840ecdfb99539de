//! Builds the guest: a small static program, whatever the crates around it are
//! built for and with.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every boot loads the guest, so it is kept small. Link-time optimisation would
/// take a tenth off it, and add a quarter to the time that building it takes.
const PROFILE: [&str; 4] = [
    "profile.release.opt-level='s'",
    "profile.release.codegen-units=1",
    "profile.release.panic='abort'",
    "profile.release.strip=true",
];

fn main() {
    let manifest = PathBuf::from(variable("DEP_STRATA_GUEST_MANIFEST"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let sources = manifest.parent().unwrap_or(Path::new("."));
    for path in [
        "src",
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        "../Cargo.lock",
    ] {
        let path = sources.join(path);
        // A path that does not exist would make this script run every time.
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-changed=build.rs");

    let build = out.join("build");
    let target = variable("DEP_STRATA_GUEST_TARGET");
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .args(["build", "--quiet", "--release", "--bin", "strata-guest"])
        .args(["--target", &target])
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&build)
        // Below the user's project, so that its cargo settings (a vendored
        // registry, a proxy) hold here, too.
        .current_dir(&out)
        .env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    // Lints and coverage are for the crates around the guest.
    for name in ["RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    let output = cargo.output().unwrap_or_else(|error| {
        panic!("running {}: {error}", cargo.get_program().display());
    });
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("-lc") || said.contains("cannot find crt") {
        fail(&format!(
            "the static C library (libc.a) is missing: install libc6-dev (Debian), \
             glibc-static (Fedora) or glibc-devel-static (openSUSE)\n{said}"
        ));
    }
    if !output.status.success() {
        fail(&format!("cargo could not build the guest:\n{said}"));
    }
    let built = build.join(&target).join("release/strata-guest");
    let copied = fs::copy(&built, out.join("strata-guest"));
    copied.unwrap_or_else(|error| panic!("copying {}: {error}", built.display()));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Ends the build; cargo shows what is on stderr.
fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}
