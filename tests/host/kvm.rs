//! `/dev/kvm` opens, and the guest never answers.

use std::fs::OpenOptions;
use std::time::{Duration, Instant};

use harness::{Accelerator, AcceleratorChoice, choose};
use strata_tests::PrintEvents;
use tempfile::tempdir;

use super::{Fake, bootable};

pub(crate) fn a_hanging_kvm_is_detected_within_its_deadline() {
    // KVM hangs on some hosts, maybe also on this one.
    let fake =
        Fake::new("case \"$*\" in *'-accel kvm'*) exec sleep 1000;; esac; exec $qemu \"$@\"");
    let bootable = bootable(Some(&fake));
    let memory = tempdir().unwrap();
    let memory = memory.path().join("accelerator.json");
    let choose = || {
        let (machine, dir) = (&bootable.machine, &bootable.dir);
        choose(
            AcceleratorChoice::Auto,
            machine,
            dir,
            Some(&memory),
            &PrintEvents,
        )
        .unwrap()
    };
    let started = Instant::now();
    let choice = choose();
    assert_eq!(choice.accelerator, Accelerator::Tcg);
    let kvm = OpenOptions::new().read(true).write(true).open("/dev/kvm");
    if kvm.is_err() {
        assert!(choice.why.contains("/dev/kvm does not open"), "{choice}");
        assert!(started.elapsed() < Duration::from_secs(1));
        return;
    }
    let why = "/dev/kvm opens, but a guest did not run under it: no answer within 10 s";
    assert_eq!(choice.why, why);
    assert!(started.elapsed() >= Duration::from_secs(10));
    // The answer is remembered, so the next run does not wait.
    let started = Instant::now();
    assert_eq!(choose().why, format!("{why} (remembered)"));
    assert!(started.elapsed() < Duration::from_secs(1));
}
