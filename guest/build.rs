//! Tells the crates that depend on this one where its sources are, so that they
//! can build the program in it (`DEP_STRATA_GUEST_MANIFEST`), and for what
//! (`DEP_STRATA_GUEST_TARGETS`): for each architecture, with commas between them, its name,
//! the target, and the linker or a hyphen.

#[path = "src/arch/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "the library exports and uses it")]
mod arch;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::metadata=MANIFEST={}/Cargo.toml",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts")
    );
    println!("cargo::rerun-if-changed=src/arch");
    let targets = arch::ALL.map(|it| [it.name, it.target, it.linker.unwrap_or("-")].join(" "));
    println!("cargo::metadata=TARGETS={}", targets.join(","));
    println!("cargo::metadata=HOST={}", arch::HOST.name);
}
