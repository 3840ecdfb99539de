//! The root of a program: a mounted file system, as on a distribution, in a mount
//! namespace of its own. The initramfs is no such root: pivot_root(2) refuses it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{chdir, chroot, sethostname};

use super::boot_files;
use super::modules::SELF;
use super::network::NAMESERVER;
use crate::protocol::User;

/// Where the files of a volume are, and what is written over them.
const VOLUME_FILES: &str = "/strata/volume";
const WRITTEN: &str = "/strata/written";
/// Where PID 1 prepares it.
const ROOT: &str = "/strata/root";
/// What the machine is called.
const HOSTNAME: &str = "strata";
/// Directories that programs expect, with their modes (file-hierarchy(7)).
const DIRECTORIES: [(&str, u32); 11] = [
    ("boot", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("sbin", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/tmp", 0o1777),
];

/// Names of protocols and services, which getaddrinfo(3) and getservbyname(3) look up: the
/// common ones (IANA).
const PROTOCOLS: &str = "\
ip 0 IP
icmp 1 ICMP
tcp 6 TCP
udp 17 UDP
ipv6 41 IPv6
ipv6-icmp 58 IPv6-ICMP
sctp 132 SCTP
";
const SERVICES: &str = "\
echo 7/tcp
echo 7/udp
discard 9/tcp
discard 9/udp
daytime 13/tcp
daytime 13/udp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
domain 53/tcp
domain 53/udp
tftp 69/udp
http 80/tcp www
pop3 110/tcp
sunrpc 111/tcp portmapper
sunrpc 111/udp portmapper
ntp 123/udp
imap2 143/tcp imap
snmp 161/udp
https 443/tcp
https 443/udp
syslog 514/udp
";

/// Whether the root is the initramfs itself, which is mounted nowhere else.
static BARE: AtomicBool = AtomicBool::new(false);

/// The path of a file in the root, as PID 1 sees it.
pub(crate) fn path_of(name: &str) -> PathBuf {
    let bare = BARE.load(Ordering::Relaxed);
    Path::new(if bare { "/" } else { ROOT }).join(name)
}

/// Mounts a root without files, in place of the one before.
pub(crate) fn mount_empty() -> Result<(), Errno> {
    put(Some("tmpfs"), MsFlags::empty(), Some("mode=0755"))
}

/// Makes a directory the root, in place of the one before.
pub(super) fn bind(directory: &Path) -> Result<(), Errno> {
    put(directory.to_str(), MsFlags::MS_BIND, None)
}

/// Makes the initramfs itself the root. 3.10 mounts it with MS_NOUSER (fs/ramfs/inode.c) and
/// binds it nowhere; 3.12 does. There it is the root as it is, and pivot_root(2) is refused.
pub(crate) fn bind_initramfs() -> Result<(), Errno> {
    // A kernel lets everyone write there.
    let _ = fs::set_permissions("/", Permissions::from_mode(0o755));
    match put(Some("/"), MsFlags::MS_BIND, None) {
        Err(Errno::EINVAL) => BARE.store(true, Ordering::Relaxed),
        bound => bound?,
    }
    Ok(())
}

/// Makes the files of a volume the root, which stay as they are: what is written is in memory.
/// The error says what the kernel lacks.
pub(super) fn mount_over_volume(device: &str) -> Result<(), String> {
    let put = |from: &str, to: &str, kind: &str, flags, options: &str| {
        let _ = fs::create_dir(to);
        mount(Some(from), to, Some(kind), flags, Some(options)).map_err(|errno| match errno {
            Errno::ENODEV => format!("the kernel has no {kind}"),
            errno => format!("mounting {kind}: {errno}"),
        })
    };
    let none = MsFlags::empty();
    put(device, VOLUME_FILES, "squashfs", MsFlags::MS_RDONLY, "")?;
    put("tmpfs", WRITTEN, "tmpfs", none, "mode=0755")?;
    let [upper, work] = ["upper", "work"].map(|name| format!("{WRITTEN}/{name}"));
    for directory in [&upper, &work] {
        fs::create_dir(directory).map_err(|error| format!("{directory}: {error}"))?;
    }
    let layers = format!("lowerdir={VOLUME_FILES},upperdir={upper},workdir={work}");
    unmount();
    put("overlay", ROOT, "overlay", none, &layers)
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

/// Whether something of the program's own is there, be it a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether it is a directory, and no link, which would lead out of the root.
pub(super) fn is_directory(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
}

/// Adds what programs expect and nothing has brought: directories, users, names.
pub(crate) fn furnish(user: Option<User>, network: bool) -> io::Result<()> {
    let _ = sethostname(HOSTNAME);
    for (name, mode) in DIRECTORIES {
        let path = path_of(name);
        if !is_there(&path) && path.parent().is_some_and(is_directory) {
            fs::create_dir(&path)?;
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
        }
    }
    boot_files::put(&path_of("boot"))?;
    let etc = path_of("etc");
    if !is_directory(&etc) {
        return Ok(());
    }
    let own = user.filter(|user| ![0, 65534].contains(&user.uid));
    let [mut passwd, mut group, mut subordinate] = [const { String::new() }; 3];
    if let Some(User { uid, gid }) = own {
        passwd = format!("user:x:{uid}:{gid}:user:/:/bin/sh\n");
        group = format!("user:x:{gid}:\n");
        // As useradd(8) gives them, for newuidmap(1).
        subordinate = "user:100000:65536\n".to_owned();
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
        ("machine-id", machine_id()),
        ("subuid", subordinate.clone()),
        ("subgid", subordinate),
        ("protocols", PROTOCOLS.to_owned()),
        ("services", SERVICES.to_owned()),
        (
            "resolv.conf",
            match network {
                true => format!("nameserver {NAMESERVER}\n"),
                false => String::new(),
            },
        ),
        (
            "os-release",
            "NAME=Strata\nID=strata\nPRETTY_NAME=\"Strata's guest\"\n".to_owned(),
        ),
    ] {
        let path = etc.join(name);
        if !is_there(&path) {
            fs::write(path, text)?;
        }
    }
    Ok(())
}

/// A number for this machine (machine-id(5)); none where the kernel draws none by lot.
fn machine_id() -> String {
    let drawn = fs::read_to_string("/proc/sys/kernel/random/uuid");
    drawn.unwrap_or_default().replace('-', "")
}

/// Enters the root for good, in a new mount namespace. Only the calling process does.
pub(crate) fn enter() -> io::Result<()> {
    let none = None::<&str>;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    let bare = BARE.load(Ordering::Relaxed);
    for name in ["dev", "proc", "sys"].iter().filter(|_| !bare) {
        let from = Path::new("/").join(name);
        mount(
            Some(&from),
            &path_of(name),
            none,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            none,
        )?;
    }
    let tool = path_of("sbin/modprobe");
    if tool.metadata().is_ok_and(|file| file.len() == 0) {
        mount(Some(SELF), &tool, none, MsFlags::MS_BIND, none)?;
    }
    // Not every kernel has tmpfs.
    let shm = path_of("dev/shm");
    let _ = mount(Some("tmpfs"), &shm, Some("tmpfs"), MsFlags::empty(), none);
    if bare {
        return Ok(chdir("/")?);
    }
    chdir(ROOT)?;
    mount(Some("."), "/", none, MsFlags::MS_MOVE, none)?;
    chroot(".")?;
    chdir("/")?;
    Ok(())
}
