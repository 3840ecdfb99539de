//! Builds the guest: a small static program for each architecture, whatever the crates
//! around it are built for and with. Where the compiler has no standard library for one
//! that is not the host's, it is left out, and a warning says so.

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

/// Where the guests are built, if not in this crate's own directory.
const TARGET_DIR: &str = "STRATA_GUEST_TARGET_DIR";

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
        rerun_if_changed(&sources.join(path));
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={TARGET_DIR}");

    let host = variable("DEP_STRATA_GUEST_HOST");
    let mut guests = String::new();
    for target in variable("DEP_STRATA_GUEST_TARGETS").split(',') {
        let target = GuestTarget::parse(target);
        let bytes = match target.without_library() {
            // That of the host is what cargo builds for anyway, or says why it does not.
            Some(why) if target.name != host => {
                println!(
                    "cargo::warning=there will be no guest for {}: {why}",
                    target.name
                );
                format!("Err({why:?})")
            }
            _ => {
                let built = target.build(&manifest, &out);
                format!("Ok(include_bytes!({built:?}))")
            }
        };
        guests += &format!("({:?}, {bytes}),", target.name);
    }
    fs::write(out.join("guests.rs"), format!("&[{guests}]"))
        .unwrap_or_else(|error| panic!("writing {}: {error}", out.display()));
}

/// What a guest is built for.
struct GuestTarget {
    /// The name of the architecture.
    name: String,
    triple: String,
    linker: Option<String>,
}

impl GuestTarget {
    /// Reads one of `DEP_STRATA_GUEST_TARGETS`.
    fn parse(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let [name, triple, linker] = words[..] else {
            panic!("{text:?} is no target");
        };
        Self {
            name: name.to_owned(),
            triple: triple.to_owned(),
            linker: (linker != "-").then(|| linker.to_owned()),
        }
    }

    /// Why nothing can be built for it, if the compiler has no standard library for it.
    fn without_library(&self) -> Option<String> {
        let mut rustc = Command::new(variable("RUSTC"));
        rustc.args(["--print", "target-libdir", "--target", &self.triple]);
        let output = rustc.output().ok()?;
        let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let rustlib = dir.parent().and_then(Path::parent);
        rustlib
            .map(|rustlib| rustlib.join("components"))
            .iter()
            .for_each(|path| rerun_if_changed(path));
        rerun_if_changed(&dir);
        let is_library = |entry: fs::DirEntry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        };
        let mut entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let has_one = entries.any(is_library);
        (!has_one).then(|| {
            format!(
                "the compiler that built this Strata had no standard library for it; \
                 `rustup target add {}`, and build again",
                self.triple
            )
        })
    }

    /// Builds the guest. Returns the path of the program.
    fn build(&self, manifest: &Path, out: &Path) -> PathBuf {
        // Builds in several target directories need each guest once: see `.ci/run`.
        let build = env::var_os(TARGET_DIR).map_or_else(|| out.join("build"), PathBuf::from);
        let mut flags = "-Ctarget-feature=+crt-static".to_owned();
        if let Some(linker) = &self.linker {
            // Flags are parted by this character.
            flags += &format!("\x1f-Clinker={linker}");
        }
        let mut cargo = Command::new(variable("CARGO"));
        cargo
            .args(["build", "--quiet", "--release", "--bin", "strata-guest"])
            .args(["--target", &self.triple])
            .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--target-dir")
            .arg(&build)
            // Below the user's project, so that its cargo settings (a vendored
            // registry, a proxy) hold here, too.
            .current_dir(out)
            .env("CARGO_ENCODED_RUSTFLAGS", flags);
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
            fail(&format!(
                "cargo could not build the guest for {}:\n{said}",
                self.name
            ));
        }
        let built = build.join(&self.triple).join("release/strata-guest");
        let kept = out.join(format!("strata-guest-{}", self.name));
        let copied = fs::copy(&built, &kept);
        copied.unwrap_or_else(|error| panic!("copying {}: {error}", built.display()));
        kept
    }
}

/// A path that does not exist would make this script run every time.
fn rerun_if_changed(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Ends the build; cargo shows what is on stderr.
fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}
