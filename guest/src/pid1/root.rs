//! The root of a program: a mounted file system, as on a distribution, in a mount
//! namespace of its own. The initramfs is no such root: pivot_root(2) refuses it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{chdir, chroot, sethostname};

use crate::protocol::User;

/// Where PID 1 prepares it.
const ROOT: &str = "/strata/root";
/// What the machine is called.
const HOSTNAME: &str = "strata";
/// Directories that programs expect, with their modes (file-hierarchy(7)).
const DIRECTORIES: [(&str, u32); 9] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/tmp", 0o1777),
];

/// The path of a file in the root, as PID 1 sees it.
pub(crate) fn path_of(name: &str) -> PathBuf {
    Path::new(ROOT).join(name)
}

/// Mounts a root without files, in place of the one before.
pub(crate) fn mount_empty() -> io::Result<()> {
    put(Some("tmpfs"), MsFlags::empty(), Some("mode=0755"))?;
    make_directories()
}

/// Makes the initramfs itself the root.
pub(crate) fn bind_initramfs() -> Result<(), Errno> {
    // A kernel lets everyone write there.
    let _ = fs::set_permissions("/", Permissions::from_mode(0o755));
    put(Some("/"), MsFlags::MS_BIND, None)
}

/// Unmounts it; a process that is still in it keeps it.
pub(crate) fn unmount() {
    let _ = umount2(ROOT, MntFlags::MNT_DETACH);
}

fn put(what: Option<&str>, flags: MsFlags, options: Option<&str>) -> Result<(), Errno> {
    unmount();
    let _ = fs::create_dir(ROOT);
    mount(what, ROOT, what, flags, options)
}

fn make_directories() -> io::Result<()> {
    for (name, mode) in DIRECTORIES {
        let path = path_of(name);
        if !path.exists() {
            fs::create_dir(&path)?;
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Adds what programs expect and nothing has brought: directories, users, names.
pub(crate) fn furnish(user: Option<User>) -> io::Result<()> {
    let _ = sethostname(HOSTNAME);
    make_directories()?;
    let own = user.filter(|user| ![0, 65534].contains(&user.uid));
    let [mut passwd, mut group] = [String::new(), String::new()];
    if let Some(User { uid, gid }) = own {
        passwd = format!("user:x:{uid}:{gid}:user:/:/bin/sh\n");
        group = format!("user:x:{gid}:\n");
    }
    for (name, text) in [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/root:/bin/sh\n{passwd}\
                 nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
            ),
        ),
        ("group", format!("root:x:0:\n{group}nogroup:x:65534:\n")),
        (
            "hosts",
            format!("127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost\n"),
        ),
        ("hostname", format!("{HOSTNAME}\n")),
        (
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files dns\n".to_owned(),
        ),
        ("resolv.conf", String::new()),
        (
            "os-release",
            "NAME=Strata\nID=strata\nPRETTY_NAME=\"Strata's guest\"\n".to_owned(),
        ),
    ] {
        let path = path_of("etc").join(name);
        if fs::symlink_metadata(&path).is_err() {
            fs::write(path, text)?;
        }
    }
    Ok(())
}

/// Enters the root for good, in a new mount namespace. Only the calling process does.
pub(crate) fn enter() -> io::Result<()> {
    let none = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    for name in ["dev", "proc", "sys"] {
        let from = Path::new("/").join(name);
        mount(
            Some(&from),
            &path_of(name),
            none,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            none,
        )?;
    }
    // Not every kernel has tmpfs.
    let shm = path_of("dev/shm");
    let _ = mount(Some("tmpfs"), &shm, Some("tmpfs"), MsFlags::empty(), none);
    chdir(ROOT)?;
    mount(Some("."), "/", none, MsFlags::MS_MOVE, none)?;
    chroot(".")?;
    chdir("/")?;
    Ok(())
}
