use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Profilers look for one mapping, and had to read all of them.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(PROCMAP_QUERY) of /proc/self/maps for the mapping of a page",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ioctl=ENOTTY")
            .because("mappings are to be had as text"),
        Claim::since(6, 11)
            .shows("ioctl=ok covers=yes")
            .because("the mapping of one address can be asked for")
            .commit(
                "ed5d583a88a9",
                "fs/procfs: implement efficient VMA querying API for /proc/<pid>/maps",
            ),
    ],
);

/// `struct procmap_query`: its size, the flags and the address asked for, and what
/// is found, the first of which is where the mapping begins and ends.
#[repr(C)]
#[derive(Default)]
struct ProcmapQuery {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    rest: [u64; 8],
}

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // _IOWR('f', 17, struct procmap_query)
    const PROCMAP_QUERY: libc::Ioctl = 0xC068_6611_u32 as libc::Ioctl;
    let page = Pages::map(1)?.start() as u64;
    let mut query = ProcmapQuery {
        size: size_of::<ProcmapQuery>() as u64,
        address: page,
        ..ProcmapQuery::default()
    };
    let maps = File::open("/proc/self/maps")?;
    let asked = Errno::result(
        // SAFETY: the kernel writes to a query of the size it was told.
        unsafe { libc::ioctl(maps.as_raw_fd(), PROCMAP_QUERY, &raw mut query) },
    );
    facts.saw_result("ioctl", &asked);
    if asked.is_ok() {
        let covers = (query.start..query.end).contains(&page);
        facts.saw("covers", if covers { "yes" } else { "no" });
    }
    Ok(())
}
