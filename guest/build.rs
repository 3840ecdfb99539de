//! Tells the crates that depend on this one where its sources are, so that they
//! can build the program in it (`DEP_STRATA_GUEST_MANIFEST`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::metadata=MANIFEST={}/Cargo.toml",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts")
    );
}
