//! A program with a network.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread::spawn;

use strata_tests::{any_kernel, cc, xtask};
use tempfile::{TempDir, tempdir};

use super::{assert_status, text};

fn program() -> (TempDir, String) {
    let dir = tempdir().unwrap();
    let program = dir.path().join("network");
    cc("network.c", &program, &["-static"]).unwrap();
    let path = program.to_str().unwrap().to_owned();
    (dir, path)
}

fn run(kernel: &str, words: &[&str]) -> Command {
    let mut command = xtask();
    command.args(["run", "--kernel", kernel]).args(words);
    command.stdin(Stdio::null());
    command
}

fn output(words: &[&str]) -> Output {
    run(&any_kernel().name(), words).output().unwrap()
}

/// This host is the gateway of the machine's network: its loopback interface answers.
#[test]
fn a_program_reaches_this_host() {
    let (_dir, program) = program();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    spawn(move || {
        for client in server.incoming() {
            client.unwrap().write_all(b"from the host\n").unwrap();
        }
    });
    for options in [&["--network"][..], &["--network", "--fresh"]] {
        for kernel in ["5.10", "6.1", "6.12", "7.3"] {
            let words = [options, &["--", &program, "connect", "10.0.2.2", &port]].concat();
            let output = run(kernel, &words).output().unwrap();
            assert_status(&output, 0);
            assert_eq!(text(&output.stdout), "from the host\n", "{kernel}");
        }
    }
    let files = ["--file", "/bin/cat", "--file", "/bin/sh"];
    let script = "cat /etc/resolv.conf; cat /proc/net/route";
    let words = [&files[..], &["--network", "--", "sh", "-c", script]].concat();
    let named = output(&words);
    let named = text(&named.stdout);
    assert!(named.starts_with("nameserver 10.0.2.3\n"), "{named}");
    assert!(named.contains("\t00000000\t0202000A\t0003\t"), "{named}");

    // Without the option there is none.
    let alone = output(&["--", &program, "connect", "10.0.2.2", &port]);
    assert_status(&alone, 1);
    assert!(text(&alone.stderr).contains("unreachable"), "{alone:?}");
}

#[test]
fn this_host_reaches_a_port_that_is_published() {
    let (_dir, program) = program();
    // The port is free: nothing else of the tests takes one by number.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let publish = format!("{port}:7");
    let words = ["--publish", &publish, "--", &program, "serve", "7"];
    let taken = output(&words);
    assert_status(&taken, 125);
    assert!(
        text(&taken.stderr).contains("--publish in use"),
        "{taken:?}"
    );
    drop(free);
    let mut command = run(&any_kernel().name(), &words);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "listening\n");
    let mut said = String::new();
    let mut guest = TcpStream::connect(("127.0.0.1", port)).unwrap();
    guest.read_to_string(&mut said).unwrap();
    assert_eq!(said, "from the guest\n");
    assert!(child.wait().unwrap().success());
}

/// A kernel by its path has its driver in modules that were not named.
#[test]
fn a_kernel_without_a_driver_says_so() {
    let image = strata_tests::any_image().unwrap();
    let output = run(image.to_str().unwrap(), &["--network", "--", "/bin/true"]).output();
    let output = output.unwrap();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("has no driver for virtio-net"), "{stderr}");
    assert!(stderr.contains("--modules"), "{stderr}");
    let wrong = super::Run::new(&["--publish", "0", "--", "/bin/true"]).output();
    assert_status(&wrong, 125);
    assert!(text(&wrong.stderr).contains("8080:80"), "{wrong:?}");
}
