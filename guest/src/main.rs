//! PID 1 of the kernel under test, or of namespaces on a running one.

use guest::{NATIVE, modprobe, native, pid1, probe};

fn main() {
    probe::run_if_executed();
    modprobe::run_if_named();
    if std::process::id() == 1 {
        pid1::run()
    }
    if std::env::args().nth(1).as_deref() == Some(NATIVE) {
        native::run()
    }
    eprintln!("this is PID 1 of a Strata guest: `strata test-kernels` starts it in a kernel");
    std::process::exit(2);
}
