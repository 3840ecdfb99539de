//! PID 1 of the kernel under test, or of namespaces on a running one.

mod init;
mod on_host;

fn main() {
    guest::probe::run_if_executed();
    if std::process::id() != 1 {
        if std::env::args().nth(1).as_deref() == Some(guest::NATIVE) {
            on_host::run()
        }
        eprintln!("this is PID 1 of a Strata guest: `strata test-kernels` starts it in a kernel");
        std::process::exit(2);
    }
    init::run()
}
