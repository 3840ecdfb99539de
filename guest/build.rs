//! Tells the crates that depend on this one where its sources are, so that they
//! can build the program in it (`DEP_STRATA_GUEST_MANIFEST`), and for what
//! (`DEP_STRATA_GUEST_TARGET`).

#[path = "src/arch.rs"]
#[expect(unreachable_pub, reason = "the library exports it")]
mod arch;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::metadata=MANIFEST={}/Cargo.toml",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts")
    );
    println!("cargo::rerun-if-changed=src/arch.rs");
    println!("cargo::metadata=TARGET={}", arch::X86_64.target);
}
