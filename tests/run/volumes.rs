//! Programs whose files are read from this host as they are opened.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::tempdir;

use super::{assert_status, run_on, text};

/// The size of the directory, which no machine of the default memory holds.
const BYTES: u64 = 2 << 30;

/// A directory with a large file, many files, all kinds, modes and owners.
fn fill(tree: &Path) {
    fs::create_dir_all(tree.join("many/deep")).unwrap();
    let large = File::create(tree.join("large")).unwrap();
    large.set_len(BYTES).unwrap();
    for (at, word) in [
        (0, "begin"),
        (BYTES / 2 + 131_070, "inner"),
        (BYTES - 5, "ended"),
    ] {
        large.write_all_at(word.as_bytes(), at).unwrap();
    }
    for number in 0..600 {
        let name = format!("many/{number}-{}", "name".repeat(20));
        fs::write(tree.join(name), number.to_string()).unwrap();
    }
    fs::write(tree.join("many/deep/setuid"), "x").unwrap();
    fs::set_permissions(
        tree.join("many/deep/setuid"),
        Permissions::from_mode(0o4711),
    )
    .unwrap();
    fs::set_permissions(tree.join("many/deep"), Permissions::from_mode(0o1777)).unwrap();
    fs::write(tree.join("empty"), "").unwrap();
    symlink("many/deep", tree.join("link")).unwrap();
    mkfifo(&tree.join("pipe"), Mode::from_bits_truncate(0o640)).unwrap();
}

/// With the default memory, and with the modes, owners and links of this host.
#[test]
fn two_gigabytes_are_read_and_written_over_without_travelling() {
    let dir = tempdir().unwrap();
    let tree = dir.path().join("tree");
    fill(&tree);
    // Only root can give files away.
    let owner = chown(tree.join("many/deep"), Some(7), Some(8)).map_or("own", |()| "7:8");
    let script = "cd /opt/tree; head -c 5 large; echo; tail -c 5 large; echo; \
                  dd if=large bs=1 skip=1073872894 count=5 2> /dev/null; echo; \
                  ls many | wc -l; cat many/599-*; echo; stat -c '%a %u:%g' link/; \
                  stat -c '%a %s %F' link/setuid pipe empty; \
                  set -- many/0-*; echo new > $1; cat $1; rm many/1-*; ls many | wc -l; \
                  mkdir many/new; echo there > many/new/file; cat many/new/file; \
                  grep -c ' / overlay ' /proc/mounts";
    let tools = [
        "cat", "dd", "grep", "head", "ls", "mkdir", "rm", "stat", "tail", "wc",
    ];
    let mut words = tools.map(|tool| format!("--file=/bin/{tool}")).to_vec();
    words.push(format!("--tree={}:/opt/tree", tree.display()));
    words.extend(["--", "sh", "-ec", script].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for (kernel, more) in [
        ("6.1", "--cpus=1"),
        ("6.1", "--fresh"),
        ("5.10", "--cpus=1"),
        ("7.3", "--cpus=1"),
    ] {
        let output = run_on(kernel, &[&[more], &words[..]].concat());
        assert_status(&output, 0);
        let said = text(&output.stdout);
        let expected = "begin\nended\ninner\n601\n599\n1777 7:8\n4711 1 regular file\n640 0 fifo\n\
                        644 0 regular empty file\nnew\n600\nthere\n1\n";
        match owner {
            "own" => assert_eq!(said.lines().count(), expected.lines().count(), "{said}"),
            _ => assert_eq!(said, expected, "{kernel} {more}"),
        }
    }
    let first = format!("many/0-{}", "name".repeat(20));
    assert_eq!(fs::read_to_string(tree.join(first)).unwrap(), "0");
}

/// The library of Python, which no option names, and of other files none.
#[test]
fn a_program_finds_what_is_installed_on_this_host() {
    let script = "import ssl, os, socket; print(ssl.OPENSSL_VERSION); \
                  print(sorted(os.listdir('/root')), os.path.exists('/home')); \
                  open('/etc/new', 'w').write('stays'); print(open('/etc/new').read()); \
                  print(socket.gethostbyname('localhost'))";
    let here = Command::new("/usr/bin/python3")
        .args(["-c", "import ssl; print(ssl.OPENSSL_VERSION)"])
        .output()
        .unwrap();
    for kernel in ["6.1", "5.10", "7.3"] {
        let output = run_on(
            kernel,
            &["--host-root", "--", "/usr/bin/python3", "-c", script],
        );
        assert_status(&output, 0);
        let expected = format!("{}[] False\nstays\n127.0.0.1\n", text(&here.stdout));
        assert_eq!(text(&output.stdout), expected, "{kernel}");
    }
    assert!(!Path::new("/etc/new").exists());
}

/// A kernel without a bus, and a machine that has its own files.
#[test]
fn what_a_volume_takes_is_told_where_it_is_not_there() {
    let output = run_on("6.1", &["--host-root", "--append", "pci=off", "--", "true"]);
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("no driver for virtio-blk"), "{stderr}");
    let output = run_on("6.1", &["--host-root", "--root", "/", "--", "true"]);
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("--host-root"), "{output:?}");
}
