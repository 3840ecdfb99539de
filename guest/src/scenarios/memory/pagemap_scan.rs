use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Checkpointing looks for the pages that are there.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(PAGEMAP_SCAN) of /proc/self/pagemap for what is present of three pages",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ioctl=ENOTTY")
            .because("pagemap is to be read, one number a page"),
        Claim::since(6, 7)
            .shows("ioctl=ok regions=1")
            .because("the kernel looks for pages of a kind, and says in which regions they are")
            .commit(
                "52526ca7fdb9",
                "fs/proc/task_mmu: implement IOCTL to get and optionally clear info about PTEs",
            ),
    ],
);

const PAGE_IS_PRESENT: u64 = 1 << 3;

/// `struct pm_scan_arg`.
#[repr(C)]
#[derive(Default)]
struct PagemapScan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    regions: u64,
    regions_length: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // _IOWR('f', 16, struct pm_scan_arg)
    const PAGEMAP_SCAN: libc::Ioctl = 0xC060_6610_u32 as libc::Ioctl;
    let pagemap = match File::open("/proc/self/pagemap") {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let option = "CONFIG_PROC_PAGE_MONITOR";
            return Err(ProbeError::NotApplicable(option.to_owned()));
        }
        opened => opened?,
    };
    let pages = Pages::map(3)?;
    pages.part(1, 1).write(1);
    // A region is where it starts, where it ends, and what its pages are.
    let mut regions = [[0_u64; 3]; 4];
    let mut scan = PagemapScan {
        size: size_of::<PagemapScan>() as u64,
        start: pages.start() as u64,
        end: pages.start() as u64 + pages.length() as u64,
        regions: address_mut(&mut regions) as u64,
        regions_length: regions.len() as u64,
        category_mask: PAGE_IS_PRESENT,
        return_mask: PAGE_IS_PRESENT,
        ..PagemapScan::default()
    };
    let scanned = Errno::result(
        // SAFETY: the kernel writes to what has the sizes it was told.
        unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) },
    );
    facts.saw_result("ioctl", &scanned);
    if let Ok(found) = scanned {
        facts.saw("regions", found);
    }
    Ok(())
}
