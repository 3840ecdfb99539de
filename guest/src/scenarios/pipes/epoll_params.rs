use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Network servers may have the kernel poll the device.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(EPIOCGPARAMS) of an epoll descriptor",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ioctl=ENOTTY")
            .because("epoll has no ioctl(2)"),
        Claim::since(6, 9)
            .shows("ioctl=ok")
            .because("how long to poll a device is a matter of each epoll descriptor")
            .commit(
                "18e2bf0edf4d",
                "eventpoll: Add epoll ioctl for epoll_params",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // _IOR(0x8A, 2, struct epoll_params), which has 8 bytes.
    const EPIOCGPARAMS: libc::Ioctl = 0x8008_8A02_u32 as libc::Ioctl;
    let epoll = Epoll::create()?;
    let mut found = 0_u64;
    // SAFETY: there is room for what is found.
    let got =
        Errno::result(unsafe { libc::ioctl(epoll.as_raw_fd(), EPIOCGPARAMS, &raw mut found) });
    // Without a network there is nothing to poll.
    if got == Err(Errno::EOPNOTSUPP) {
        let option = "CONFIG_NET_RX_BUSY_POLL";
        return Err(ProbeError::NotApplicable(option.to_owned()));
    }
    facts.saw_result("ioctl", &got);
    Ok(())
}
