//! A busy host.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use harness::{Boot, Deadlines, End, boot, initramfs};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::{Fake, bootable};

/// Processes that use as much of a processor as they get.
struct Load(Vec<Child>);

impl Load {
    /// Puts this thread, all that it starts, and so many busy processes on one
    /// processor.
    fn on_one_processor(others: usize) -> Self {
        let this = Pid::from_raw(0);
        let all = sched_getaffinity(this).unwrap();
        let last = (0..CpuSet::count()).rfind(|&cpu| all.is_set(cpu).unwrap());
        let mut one = CpuSet::new();
        one.set(last.unwrap()).unwrap();
        sched_setaffinity(this, &one).unwrap();
        // Each has its own session, as QEMU has: otherwise a kernel that schedules by
        // session (CONFIG_SCHED_AUTOGROUP) would give QEMU half of the processor.
        let spin = || {
            Command::new("setsid")
                .args(["sh", "-c", "while :; do :; done"])
                .spawn()
        };
        Self((0..others).map(|_| spin().unwrap()).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for process in &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn boot_within(patience: Duration, qemu: Option<&Fake>) -> (Boot, Duration) {
    let bootable = bootable(qemu);
    let job = guest::Job::Scenarios {
        names: vec![super::SCENARIO.to_owned()],
        deadline_ms: 1000,
    };
    let initramfs = initramfs::pack(&job, bootable.machine.arch).unwrap();
    let mut machine = bootable.machine.clone();
    machine.initramfs = initramfs.path();
    // To ask a machine that hangs takes a time of its own.
    machine.diagnosed = false;
    let deadlines = Deadlines {
        boot: patience,
        scenario: Duration::from_secs(1),
        grace: Duration::from_secs(20),
    };
    let started = Instant::now();
    let boot = boot(
        &machine,
        &[super::SCENARIO],
        deadlines,
        &bootable.dir,
        &mut |_, _| {},
    )
    .unwrap();
    (boot, started.elapsed())
}

/// Eight processes share a processor, so the guest is up only after its deadline.
pub(crate) fn a_guest_on_a_busy_host_is_not_taken_for_hung() {
    let patience = Duration::from_secs(8);
    let _load = Load::on_one_processor(7);
    let (boot, took) = boot_within(patience, None);
    assert_eq!(boot.end, End::Complete);
    assert!(took > patience, "it took {took:?}: this host is not busy");
}

/// A machine that sleeps is hung at its deadline; one that spins, at ten times the
/// deadline at the latest, since it waits for the processor.
pub(crate) fn a_hung_guest_is_detected_on_a_busy_host() {
    let patience = Duration::from_secs(1);
    let _load = Load::on_one_processor(7);
    let (boot, took) = boot_within(patience, Some(&Fake::new("exec sleep 1000")));
    assert!(matches!(boot.end, End::Hung(_)), "{:?}", boot.end);
    assert!(took < 4 * patience, "{took:?}");

    let spins = Fake::new("while :; do :; done");
    let (boot, took) = boot_within(patience, Some(&spins));
    assert!(matches!(boot.end, End::Hung(_)), "{:?}", boot.end);
    assert!(took > 2 * patience && took < 12 * patience, "{took:?}");
}
