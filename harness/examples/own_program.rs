//! A test of a program in a kernel, as another crate writes it.
//!
//! `cargo test --package strata-harness --example own_program` runs it.

#[test]
fn greets_on_linux_6_1() -> anyhow::Result<()> {
    let program = harness::Program::new("/bin/echo").arg("hello");
    let finished = program.run_on("6.1")?;
    assert!(finished.status.success(), "{}", finished.status);
    assert_eq!(finished.stdout, b"hello\n");
    Ok(())
}

fn main() {}
