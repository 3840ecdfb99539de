//! Modules, which a kernel asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use strata_tests::{any_image, any_kernel, cc};
use tempfile::tempdir;
use test_archive::TestPackage;

use super::{Run, assert_status, run_on, text};

/// Prints what the kernel gives only with modules.
fn program(dir: &Path) -> PathBuf {
    let program = dir.join("modules");
    cc("modules.c", &program, &["-static"]).unwrap();
    program
}

/// On a kernel of the catalogue, which has a package.
fn run(words: &[&str]) -> Output {
    run_on(&any_kernel().name(), words)
}

const GIVEN: &str = "overlay=ok\nfile=ok\nunknown=ENODEV\nsocket=ok\nbind=ok\n";

/// On a machine that is restored, one that boots, and as Debian packages modules by now:
/// plain in the image's package, compressed in it, and in a package of their own.
#[test]
fn the_kernel_gets_what_it_asks_for() {
    let dir = tempdir().unwrap();
    let program = program(dir.path());
    let words = ["--", program.to_str().unwrap(), "overlay", "algorithm"];
    let fresh = [&["--fresh"], &words[..]].concat();
    for (kernel, words) in [
        ("6.1", &words[..]),
        ("6.1", &fresh),
        ("5.10", &words),
        ("6.12", &words),
        ("7.3", &words),
    ] {
        let output = run_on(kernel, words);
        assert_status(&output, 0);
        assert_eq!(text(&output.stdout), GIVEN, "{kernel}");
    }
}

/// What is loaded ahead has its parameters, and the commands are where programs look.
#[test]
fn modules_are_loaded_ahead_and_by_command() {
    let sh = [
        "--file",
        "/bin/sh",
        "--file",
        "/bin/cat",
        "--module",
        "loop=max_loop=3",
    ];
    let script = "cat /sys/module/loop/parameters/max_loop; modprobe -a dummy veth && lsmod; \
                  modprobe -r dummy; cat /sys/module/dummy/refcnt; modprobe -q nosuch; echo $?; \
                  modprobe nosuch; modinfo veth";
    let output = run(&[&sh[..], &["--", "sh", "-c", script]].concat());
    assert_status(&output, 0);
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("3\nModule "), "{stdout}");
    for words in [
        "\nveth ",
        "\ndummy ",
        "\nloop ",
        "\n1\nfilename:",
        "\ndepends:",
    ] {
        assert!(stdout.contains(words), "{words:?} in {stdout}");
    }
    let stderr = text(&output.stderr);
    for words in [
        "/sys/module/dummy/refcnt: No such file",
        "modprobe: FATAL: Module nosuch not found",
    ] {
        assert!(stderr.contains(words), "{stderr}");
    }

    let output = run(&["--module", "nosuch", "--", "/bin/true"]);
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("Module nosuch not found"), "{stderr}");
    let output = run(&["--module", "loop=nosuch=1=2", "--", "/bin/true"]);
    assert_status(&output, 0);
    let output = run(&["--module", "../x", "--", "/bin/true"]);
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("max_loop=4"), "{output:?}");
}

/// Only root loads modules, but what others ask the kernel for is loaded for them.
#[test]
fn a_user_gets_what_the_kernel_loads() {
    let dir = tempdir().unwrap();
    let program = program(dir.path());
    let program = program.to_str().unwrap();
    let output = run(&["--user", "1000", "--", program, "algorithm"]);
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "socket=ok\nbind=ok\n");
    let sh = ["--user", "1000", "--file", "/bin/sh"];
    let output = run(&[&sh[..], &["--", "sh", "-c", "modprobe veth; echo $?"]].concat());
    assert_eq!(text(&output.stdout), "1\n");
    assert!(
        text(&output.stderr).contains("for root to load"),
        "{output:?}"
    );
}

/// A device without a driver is there, as `kmod static-nodes` makes it: opening it loads one.
#[test]
fn a_device_that_is_opened_gets_its_driver() {
    let words = [
        ["--file", "/bin/sh"],
        ["--file", "/bin/cat"],
        ["--file", "/usr/bin/stat"],
    ];
    let script = "cd /dev; stat -c '%a %t:%T' fuse net/tun loop-control; : <> fuse; : <> net/tun; \
                  echo opened; cat /sys/module/tun/initstate";
    let words = [&words.concat()[..], &["--", "sh", "-ec", script]].concat();
    for kernel in ["5.10", "6.1", "7.3"] {
        for user in [&[][..], &["--user", "1000"]] {
            let output = run_on(kernel, &[user, &words].concat());
            assert_status(&output, 0);
            let expected = "666 a:e5\n666 a:c8\n660 a:ed\nopened\nlive\n";
            assert_eq!(text(&output.stdout), expected, "{kernel}");
        }
    }
}

/// A kernel that is named by its path takes a directory of modules, or a package.
#[test]
fn a_kernel_by_its_path_takes_modules() {
    let dir = tempdir().unwrap();
    let program = program(dir.path());
    let program = program.to_str().unwrap();
    let output = Run::new(&["--", program, "overlay"]).output();
    assert_status(&output, 0);
    assert_eq!(
        text(&output.stdout),
        "overlay=ENODEV\nfile=ENOENT\nunknown=ENODEV\n"
    );

    let script = "modprobe overlay";
    let words = ["--file", "/bin/sh", "--", "sh", "-c", script];
    let output = Run::new(&words).output();
    assert_status(&output, 1);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("name its modules with --modules"),
        "{stderr}"
    );

    let path = dir.path().join("no.deb");
    fs::write(&path, "x").unwrap();
    let modules = ["--modules", path.to_str().unwrap()];
    let output = Run::new(&modules).with(&words).output();
    assert_status(&output, 1);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("it is no package"), "{stderr}");
}

/// A package that is named by its path boots, whatever its name; the second time from what
/// was kept of it.
#[test]
fn a_package_by_its_path_boots() {
    let dir = tempdir().unwrap();
    let image = fs::read(any_image().unwrap()).unwrap();
    let package = TestPackage::new("linux", "6.1").file("./boot/vmlinuz-6.1", &image);
    let path = dir.path().join("package");
    fs::write(&path, package.arch()).unwrap();
    let cat = ["--", "cat", "/proc/sys/kernel/osrelease"];
    for _ in 0..2 {
        let output = run_on(path.to_str().unwrap(), &cat);
        assert_status(&output, 0);
        assert!(text(&output.stdout).starts_with("6.1"), "{output:?}");
    }
    let none = TestPackage::new("linux", "6.1").file("./etc/motd", b"hello");
    fs::write(&path, none.arch()).unwrap();
    let output = run_on(path.to_str().unwrap(), &cat);
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("without a kernel image"), "{stderr}");
}

#[test]
fn modules_that_are_not_there_are_told_before_the_boot() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("kernel/empty")).unwrap();
    let path = dir.path().to_str().unwrap();
    let output = Run::new(&["--modules", path, "--", "/bin/true"]).output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("there is no kernel module in it"),
        "{stderr}"
    );

    let output = Run::new(&["--modules", "/no/such", "--", "/bin/true"]).output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("--modules /no/such: No such file"),
        "{stderr}"
    );
}

/// There is no bus by which modules could come.
#[test]
fn a_machine_without_pci_says_so() {
    let words = ["--append", "pci=off", "--module", "loop", "--", "/bin/true"];
    let output = run(&words);
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("no PCI bus"), "{stderr}");
}
