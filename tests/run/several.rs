//! Several kernels: each is obtained right before its boot.

use std::fs;
use std::net::TcpListener;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, processes_in, qemu_in};
use tempfile::tempdir;

use super::{Run, assert_nothing_left};

/// It is a failure only with `--strict`, or if no other kernel is left.
#[test]
fn an_unavailable_kernel_is_a_line() {
    let run = |names: &[&str], options: &[&str]| {
        let dir = tempdir().unwrap();
        let mut run = Run::on_several(dir.path(), names);
        run.command.env("XDG_CACHE_HOME", dir.path().join("cache"));
        run.command.arg("--qemu").arg(qemu_in(dir.path()).unwrap());
        // Nothing listens at port 9 (discard) of this host.
        run.command
            .args(["--mirror", "http://127.0.0.1:9/debian", "--locked"]);
        run.command.args(["--kernel", "3.2", "--accel", "tcg"]);
        run.command.args(options).args(["--", "echo", "ran"]);
        run.output()
    };
    for (names, options, code) in [
        (&["one"][..], &[][..], 0),
        (&["one"], &["--strict"], 125),
        (&[], &["--kernel", "3.8"], 125),
    ] {
        let output = run(names, options);
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}{complaint}");
        assert_eq!(said.contains("ran\n"), !names.is_empty(), "{said}");
        assert!(
            format!("{said}{complaint}").contains("3.2: "),
            "{said}{complaint}"
        );
    }
}

/// The server of one kernel never answers; the other kernel boots.
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
    // The empty cache has no QEMU.
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
    // The signal does not wait for the download.
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_nothing_left(run.place.path());
    drop(silent);
}
