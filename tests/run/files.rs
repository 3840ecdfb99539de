//! Directories, roots, users and variables that a program is given.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use strata_tests::cc;
use tempfile::tempdir;

use super::{Run, Tap, assert_status, text};

/// With its modes, owners and links, and a script whose interpreter this host lacks.
#[test]
fn a_tree_travels_as_it_is() {
    let dir = tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    fs::write(tree.join("sub/script"), "#!/no/interpreter\n").unwrap();
    fs::set_permissions(tree.join("sub/script"), fs::Permissions::from_mode(0o4711)).unwrap();
    symlink("sub/script", tree.join("link")).unwrap();
    // Only root can give files away.
    let owner = chown(tree.join("sub"), Some(7), Some(8)).map_or("own", |()| "7:8");
    let option = format!("{}:/opt/tree", tree.display());
    let options = [
        "--tree",
        &option,
        "--file",
        "/usr/bin/stat",
        "--cwd",
        "/opt/tree/sub",
    ];
    for fresh in [&[][..], &["--fresh"]] {
        let script = "pwd; stat -c '%a %u:%g %F' script .; stat -c '%N' ../link";
        let run = Run::new(&options)
            .with(fresh)
            .with(&["--", "sh", "-c", script]);
        let output = run.output();
        assert_status(&output, 0);
        let said = text(&output.stdout);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "/opt/tree/sub");
        assert!(lines[1].starts_with("4711 "), "{said}");
        assert!(owner == "own" || lines[2] == "755 7:8 directory", "{said}");
        assert_eq!(lines[3], "'../link' -> 'sub/script'");
    }
}

/// A named pipe is a file as others; of a socket there is only its name, and that is told.
#[test]
fn pipes_of_a_tree_travel_and_sockets_are_told() {
    let dir = tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    mkfifo(&tree.join("pipe"), Mode::from_bits_truncate(0o640)).unwrap();
    let _socket = UnixListener::bind(tree.join("socket")).unwrap();
    let option = format!("{}:/tree", tree.display());
    let script = "ls /tree; stat -c '%a %F' /tree/pipe; echo through > /tree/pipe & cat /tree/pipe";
    for fresh in [&[][..], &["--fresh"]] {
        let files = ["ls", "stat", "cat"].map(|name| format!("--file=/usr/bin/{name}"));
        let files = files.each_ref().map(String::as_str);
        let run = Run::new(&["--tree", &option]).with(fresh).with(&files);
        let output = run.with(&["--", "sh", "-c", script]).output();
        assert_status(&output, 0);
        assert_eq!(text(&output.stdout), "pipe\n640 fifo\nthrough\n");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("do not travel: "), "{stderr}");
        assert!(stderr.contains("/tree/socket"), "{stderr}");
    }
}

/// It is a directory: one that travels, a new one, or the guest's own.
#[test]
fn a_program_starts_in_a_directory_only() {
    let cat = ["--file", "/bin/cat"];
    for (directory, words) in [
        ("/bin/cat", "--cwd names is no directory"),
        ("/dev/null", "starting in /dev/null: Not a directory"),
        ("/proc/nosuch", "starting in /proc/nosuch: No such file"),
    ] {
        let run = Run::new(&cat).with(&["--cwd", directory, "--", "sh", "-c", "pwd"]);
        let output = run.output();
        assert_status(&output, 125);
        let stderr = text(&output.stderr);
        assert!(stderr.contains(words), "{stderr}");
    }
    for directory in ["/bin", "/new", "/proc/1/net", "/sys/fs/cgroup"] {
        let run = Run::new(&cat).with(&["--cwd", directory, "--", "sh", "-c", "pwd -P"]);
        let output = run.output();
        assert_status(&output, 0);
        assert!(
            text(&output.stdout).ends_with(&format!("{directory}\n")),
            "{output:?}"
        );
    }
}

#[test]
fn a_program_runs_in_a_root_of_its_own() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::create_dir_all(root.join("dev")).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/hostname"), "its-own\n").unwrap();
    cc("ends.c", &root.join("usr/bin/ends"), &["-static"]).unwrap();
    symlink("usr/bin", root.join("bin")).unwrap();
    let archive = dir.path().join("root.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&archive).arg("-C").arg(&root).arg(".");
    assert!(tar.status().unwrap().success());
    for root in [root, archive] {
        let root = root.to_str().unwrap();
        for program in ["ends", "/usr/bin/ends", "/bin/ends"] {
            let output = Run::new(&["--root", root, "--", program, "7"]).output();
            assert_status(&output, 7);
            assert_eq!(text(&output.stdout), "out\n");
        }
        let output = Run::new(&["--root", root, "--", "cat"]).output();
        assert_status(&output, 127);
        assert!(
            text(&output.stderr).contains("no program cat in"),
            "{output:?}"
        );
    }
    let output = Run::new(&["--root", "/no/root", "--", "cat"]).output();
    assert_status(&output, 125);
}

/// Links of a root file system lead to places in it, and what the guest would add is not
/// put behind them.
#[test]
fn links_at_the_top_of_a_root_stay_in_it() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("root");
    for name in ["config", "private/scratch", "bin"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    symlink("/config", root.join("etc")).unwrap();
    symlink("/private/scratch", root.join("tmp")).unwrap();
    symlink("/no/such/place", root.join("run")).unwrap();
    symlink("private", root.join("var")).unwrap();
    fs::write(root.join("config/own"), "words").unwrap();
    cc("links.c", &root.join("bin/links"), &["-static"]).unwrap();
    let root = root.to_str().unwrap();
    let paths = [
        "/etc",
        "/tmp",
        "/run",
        "/etc/",
        "/private",
        "/etc/own",
        "+/tmp/x",
        "/private/scratch/x",
    ];
    for fresh in [&[][..], &["--fresh"]] {
        let run = Run::new(fresh).with(&["--root", root, "--", "/bin/links"]);
        let output = run.with(&paths).output();
        assert_status(&output, 0);
        let expected = "/etc -> /config\n/tmp -> /private/scratch\n/run -> /no/such/place\n\
                        /etc/: own\n/private: scratch\n/etc/own: words\n+/tmp/x: ok\n\
                        /private/scratch/x: written\n";
        assert_eq!(text(&output.stdout), expected);
    }
}

#[test]
fn a_user_has_a_name_and_a_variable_the_value_of_this_host() {
    let options = [
        "--user",
        "nobody",
        "--env",
        "OWN",
        "--file",
        "/usr/bin/id",
        "--cwd",
        "/new/dir",
    ];
    let script = "id; echo $OWN; pwd";
    let run = Run::new(&options).with(&["--", "sh", "-c", script]);
    let output = run.tap(|command| command.env("OWN", "value")).output();
    assert_status(&output, 0);
    let expected = "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\nvalue\n/new/dir\n";
    assert_eq!(text(&output.stdout), expected);

    let run = Run::new(&["--env-all", "--env", "TWO=2"]);
    let run = run.with(&["--", "sh", "-c", "echo $ONE $TWO"]);
    let output = run
        .tap(|command| command.env("ONE", "1").env("TWO", "x"))
        .output();
    assert_eq!(text(&output.stdout), "1 2\n");

    for (options, words) in [
        (["--user", "no-such-user"], "/etc/passwd"),
        (["--env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE=VALUE"),
    ] {
        let output = Run::new(&options).with(&["--", "true"]).output();
        assert_status(&output, 125);
        assert!(text(&output.stderr).contains(words), "{output:?}");
    }
}

#[test]
fn the_common_protocols_and_services_have_names() {
    let getent = ["--file", "/usr/bin/getent", "--file", "/bin/sh"];
    let script = "getent services http; getent services 53/udp; getent protocols icmp";
    let output = Run::new(&getent).with(&["--", "sh", "-c", script]).output();
    assert_status(&output, 0);
    let stdout = text(&output.stdout);
    let words: Vec<&str> = stdout.split_whitespace().collect();
    let expected = [
        "http", "80/tcp", "www", "domain", "53/udp", "icmp", "1", "ICMP",
    ];
    assert_eq!(words, expected);
}

/// Identifiers of its own, for a user namespace with more than one.
#[test]
fn a_user_has_subordinate_identifiers() {
    let options = ["--user", "1000", "--file", "/bin/cat"];
    let run = Run::new(&options).with(&["--", "cat", "/etc/subuid", "/etc/subgid"]);
    let output = run.output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "user:100000:65536\n".repeat(2));
}

/// A program's end of a thread takes a library that it does not name (pthread_exit(3)).
#[test]
fn the_unwinder_of_threads_travels_along() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("thread_ends");
    cc("thread_ends.c", &program, &["-pthread"]).unwrap();
    let output = Run::new(&["--"])
        .with(&[program.to_str().unwrap()])
        .output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "ended\n");
}
