//! A program with disks.

use std::fs;
use std::process::{Output, Stdio};

use strata_tests::xtask;
use tempfile::tempdir;

use super::{assert_status, text};

fn run(kernel: &str, words: &[&str], script: &str) -> Output {
    let mut command = xtask();
    command.args(["run", "--kernel", kernel]);
    for file in [
        "/bin/sh",
        "/bin/cat",
        "/bin/mkdir",
        "/bin/mount",
        "/usr/bin/head",
    ] {
        command.args(["--file", file]);
    }
    command.args(words).args(["--", "sh", "-ec", script]);
    command.stdin(Stdio::null()).output().unwrap()
}

/// A new one with a file system, one without, and two files, of which one may be written to.
#[test]
fn a_program_finds_its_disks_by_their_names() {
    let dir = tempdir().unwrap();
    let [read, written] = ["read", "written"].map(|name| {
        let path = dir.path().join(name);
        fs::write(&path, format!("{name:4096}").repeat(256)).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let [own, shared] = [format!("own={read}"), format!("{written}:rw")];
    let words = [
        "--disk", "64M:ext4", "--disk", "raw=2M", "--disk", &own, "--disk", &shared,
    ];
    let script = "cd /dev/disk/by-name; mkdir /tmp/m; mount -t ext4 disk1 /tmp/m; echo file > \
                  /tmp/m/file; cat /tmp/m/file; head -c 4 own; echo; head -c 2 raw | cat -v; \
                  echo; echo changed > disk4; (echo no > own) 2> /dev/null || echo refused";
    for kernel in ["6.1", "5.10", "7.3"] {
        let output = run(kernel, &words, script);
        assert_status(&output, 0);
        assert_eq!(
            text(&output.stdout),
            "file\nread\n^@^@\nrefused\n",
            "{kernel}"
        );
        assert!(fs::read(&read).unwrap().starts_with(b"read  "));
        assert!(fs::read(&written).unwrap().starts_with(b"changed\n "));
    }
}

/// A guest may write what it likes to a disk: also what begins a qcow2 that leads to a file
/// of this host.
#[test]
fn a_disk_leads_to_no_file_of_this_host() {
    let dir = tempdir().unwrap();
    let [secret, led, disk] = ["secret", "led.qcow2", "disk.raw"].map(|name| dir.path().join(name));
    fs::write(&secret, "secret".repeat(4096)).unwrap();
    // A qcow2 of the second version: its magic, version, and where the name of the file
    // behind it stands, and how long that is.
    let name = secret.to_str().unwrap().as_bytes();
    let mut header = b"QFI\xfb\0\0\0\x02".to_vec();
    header.extend(104_u64.to_be_bytes());
    header.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    header.resize(104, 0);
    header.extend(name);
    header.resize(1 << 20, 0);
    for path in [&led, &disk] {
        fs::write(path, &header).unwrap();
    }
    let output = run("6.1", &["--disk", led.to_str().unwrap()], "true");
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("keeps its content in another file"),
        "{stderr}"
    );
    let output = run(
        "6.1",
        &["--disk", disk.to_str().unwrap()],
        "head -c 3 /dev/disk/by-name/disk1",
    );
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "QFI");
}

#[test]
fn a_disk_that_cannot_be_is_told_before_the_boot() {
    for (disk, why) in [
        ("/no/such", "--disk /no/such is no file and no size"),
        ("/dev/null", "it is no regular file"),
        ("0M:ext4", "1G:ext4"),
        ("a/b=1M", "1G:ext4"),
    ] {
        let output = run("6.1", &["--disk", disk], "true");
        assert_status(&output, 125);
        let stderr = text(&output.stderr);
        assert!(stderr.contains(why), "{disk}: {stderr}");
    }
}
