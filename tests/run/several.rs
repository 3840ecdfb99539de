//! Several kernels: each is obtained when its turn comes.

use std::fs;
use std::net::TcpListener;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, processes_in, qemu_in};
use tempfile::tempdir;

use super::{Run, assert_nothing_left};

/// One kernel comes from a server that never answers; the other boots.
#[test]
fn a_kernel_boots_while_another_is_downloaded() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mirror = format!("http://{}", server.local_addr().unwrap());
    let silent = spawn(move || {
        let asked: Vec<_> = server.incoming().take(1).collect();
        sleep(Duration::from_secs(120));
        drop(asked);
    });
    let dir = tempdir().unwrap();
    let mut run = Run::on_several(dir.path(), &["one"]);
    let cache = dir.path().join("cache");
    run.command.env("XDG_CACHE_HOME", &cache);
    // That cache has no QEMU.
    run.command.arg("--qemu").arg(qemu_in(dir.path()).unwrap());
    run.command
        .args(["--kernel", "6.12", "--mirror", &mirror, "--accel", "tcg"]);
    run.command.args(["--", "sh", "-c", "while :; do :; done"]);
    let image = any_image().unwrap();
    assert!(image.is_file());
    let mut child = run.command.spawn().unwrap();
    let started = Instant::now();
    let boots = || {
        let comms = processes_in(run.place.path()).into_iter();
        let mut comms = comms.map(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")));
        comms.any(|line| line.is_ok_and(|line| line.contains("-initrd")))
    };
    while !boots() {
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(60), "nothing boots");
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        sleep(Duration::from_millis(50));
    }
    // The download is not waited for, either.
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_nothing_left(run.place.path());
    drop(silent);
}
