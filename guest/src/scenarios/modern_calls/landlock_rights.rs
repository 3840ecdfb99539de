use crate::scenarios::shared::*;

/// Each version of Landlock can forbid more.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "landlock_create_ruleset(2) for rules about: renaming between directories, truncating, TCP, \
     ioctl(2) of devices, abstract sockets, and sockets by path",
    probe,
    &[
        Claim::since(3, 2)
            .shows("landlock=ENOSYS")
            .because("there is no Landlock"),
        Claim::since(5, 13)
            .shows("refer=EINVAL truncate=EINVAL tcp=E2BIG ioctl=EINVAL abstract=E2BIG path=EINVAL")
            .because("the first Landlock is about making, reading and writing")
            .commit("265885daf3e5", "landlock: Add syscall implementations"),
        Claim::since(5, 19)
            .shows("refer=ok truncate=EINVAL tcp=E2BIG ioctl=EINVAL abstract=E2BIG path=EINVAL")
            .because("renaming between directories can be allowed, which was always forbidden")
            .commit(
                "b91c3e4ea756",
                "landlock: Add support for file reparenting with LANDLOCK_ACCESS_FS_REFER",
            ),
        Claim::since(6, 2)
            .shows("refer=ok truncate=ok tcp=E2BIG ioctl=EINVAL abstract=E2BIG path=EINVAL")
            .because("truncate(2) can be forbidden")
            .commit("b9f5ce27c8f8", "landlock: Support file truncation"),
        Claim::since(6, 7)
            .shows("refer=ok truncate=ok tcp=ok ioctl=EINVAL abstract=E2BIG path=EINVAL")
            .because("bind(2) and connect(2) of TCP can be forbidden")
            .commit(
                "fff69fb03dde",
                "landlock: Support network rules with TCP bind and connect",
            ),
        Claim::since(6, 10)
            .shows("refer=ok truncate=ok tcp=ok ioctl=ok abstract=E2BIG path=EINVAL")
            .because("ioctl(2) of devices can be forbidden")
            .commit(
                "b25f7415eb41",
                "landlock: Add IOCTL access right for character and block devices",
            ),
        Claim::since(6, 12)
            .shows("refer=ok truncate=ok tcp=ok ioctl=ok abstract=ok path=EINVAL")
            .because("abstract sockets of others can be forbidden")
            .commit("21d52e295ad2", "landlock: Add abstract UNIX socket scoping"),
        Claim::since(7, 1)
            .shows("refer=ok truncate=ok tcp=ok ioctl=ok abstract=ok path=ok")
            .because("sockets can be forbidden by path")
            .commit(
                "ae97330d1bd6",
                "landlock: Control pathname UNIX domain socket resolution by path",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // What is handled of files, of the network, and what is scoped.
    const RULES: [(&str, [u64; 3]); 6] = [
        ("refer", [1 << 13, 0, 0]),
        ("truncate", [1 << 14, 0, 0]),
        ("tcp", [0, 1, 0]),
        ("ioctl", [1 << 15, 0, 0]),
        ("abstract", [0, 0, 1]),
        ("path", [1 << 16, 0, 0]),
    ];
    let create = |rules: &[u64]| {
        let size = size_of_val(rules) as i64;
        // SAFETY: the rules are as long as they are said to be.
        unsafe { call(libc::SYS_landlock_create_ruleset, [address(rules), size, 0]) }
    };
    // The call before it (5.12) is in every configuration: without that, the kernel is
    // older than Landlock.
    // SAFETY: it has no argument that could be right.
    let mount_setattr = unsafe { call(libc::SYS_mount_setattr, [-1, 0, 0, 0, 0]) };
    match (create(&[1]), mount_setattr) {
        (Err(Errno::ENOSYS), Err(Errno::ENOSYS)) => {
            facts.saw("landlock", "ENOSYS");
            return Ok(());
        }
        (Err(Errno::ENOSYS | Errno::EOPNOTSUPP), _) => {
            return Err(ProbeError::NotApplicable("no Landlock".to_owned()));
        }
        _ => {}
    }
    for (name, rules) in RULES {
        facts.saw_result(name, &create(&rules));
    }
    Ok(())
}
