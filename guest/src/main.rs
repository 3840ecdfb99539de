//! PID 1 of the kernel under test.

mod init;

fn main() {
    guest::probe::run_if_executed();
    if std::process::id() != 1 {
        eprintln!("this is PID 1 of a Strata guest: start it with `cargo xtask test-kernels`");
        std::process::exit(2);
    }
    init::run()
}
