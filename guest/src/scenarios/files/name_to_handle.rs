use std::ffi::c_int;

use crate::scenarios::shared::*;

/// A number for a file that outlives its name.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "name_to_handle_at(2) of a directory of a tmpfs: plain, for comparing only, with the unique \
     number of its mount, and connectable",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ok fid=EINVAL unique=EINVAL connectable=EINVAL")
            .because("a handle is for opening the file later, and that is all"),
        Claim::since(6, 5)
            .shows("plain=ok fid=ok unique=EINVAL connectable=EINVAL")
            .because("a handle may be for comparing only, which more file systems can do")
            .commit(
                "96b2b072ee62",
                "exportfs: allow exporting non-decodeable file handles to userspace",
            ),
        Claim::since(6, 12)
            .shows("plain=ok fid=ok unique=ok connectable=EINVAL")
            .because("the mount can be named by the number that no other mount will have")
            .commit(
                "4356d575ef0f",
                "fhandle: expose u64 mount id to name_to_handle_at(2)",
            ),
        Claim::since(6, 13)
            .shows("plain=ok fid=ok unique=ok connectable=EOPNOTSUPP")
            .because("a handle may be asked from which the path can be found: tmpfs has none")
            .commit(
                "c374196b2b9f",
                "fs: name_to_handle_at() support for \"explicit connectable\" file handles",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const AT_HANDLE_MNT_ID_UNIQUE: c_int = 1;
    const AT_HANDLE_CONNECTABLE: c_int = 2;
    scratch()?;
    let ask = |flags: c_int| {
        // Room for a handle, the first number of which is how much room there is.
        let mut handle = [0_u32; 34];
        handle[0] = 128;
        let mut mount = 0_u64;
        let found = [address_mut(&mut handle), address_mut(&mut mount)];
        let path = address(c"/tmp");
        let arguments = [
            libc::AT_FDCWD.into(),
            path,
            found[0],
            found[1],
            flags.into(),
        ];
        // SAFETY: there is room for what is found.
        unsafe { call(libc::SYS_name_to_handle_at, arguments) }
    };
    let plain = ask(0);
    if plain == Err(Errno::ENOSYS) {
        return Err(ProbeError::NotApplicable("CONFIG_FHANDLE".to_owned()));
    }
    facts.saw_result("plain", &plain);
    facts.saw_result("fid", &ask(libc::AT_HANDLE_FID));
    facts.saw_result("unique", &ask(AT_HANDLE_MNT_ID_UNIQUE));
    facts.saw_result("connectable", &ask(AT_HANDLE_CONNECTABLE));
    Ok(())
}
