//! Chooses the accelerator of this host by booting a guest.

use std::env::consts;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Result, bail};
use guest::Job;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::machine::{Deadlines, Machine, boot};
use crate::payload::{BadRequest, initramfs};
use crate::results::{Accelerator, ChosenAccelerator, End, Event, Watcher};
use crate::system::{RunDir, recall, remember, words};

/// How long a guest may take under KVM in the probe. A working KVM needs about
/// a second; a broken one never answers.
const PROBE: Duration = Duration::from_secs(10);
/// How long it may take under emulation, where a kernel that is sound boots.
const CONTROL: Duration = Duration::from_secs(120);
const KVM: &str = "/dev/kvm";

/// Which accelerator the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcceleratorChoice {
    /// KVM if it works, else emulation.
    #[default]
    Auto,
    /// This one.
    Only(Accelerator),
}

impl FromStr for AcceleratorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "kvm" => Ok(Self::Only(Accelerator::Kvm)),
            "tcg" => Ok(Self::Only(Accelerator::Tcg)),
            _ => Err(format!("{text:?} is no accelerator: auto, kvm or tcg")),
        }
    }
}

/// The accelerator for this host.
///
/// On some (nested) hosts `/dev/kvm` opens, but a guest under KVM hangs. So `auto`
/// boots a guest with this machine, and keeps the answer in `memory` while the host is
/// the same. The answer that KVM does not work is kept for four hours only, since the
/// reason may pass (another hypervisor, an overloaded host).
///
/// # Errors
/// If the probe cannot be started.
pub fn choose(
    asked: AcceleratorChoice,
    machine: &Machine,
    dir: &RunDir,
    memory: Option<&Path>,
    watcher: &dyn Watcher,
) -> Result<ChosenAccelerator> {
    let is_of_host = machine.arch.name == consts::ARCH;
    if let AcceleratorChoice::Only(accelerator) = asked {
        if accelerator == Accelerator::Kvm && !is_of_host {
            bail!(BadRequest::new(format!(
                "KVM runs no kernel of {} on this host: leave --accel out, or name tcg",
                machine.arch
            )));
        }
        if accelerator == Accelerator::Kvm {
            // KVM may work again: let the next `auto` find out.
            forget(memory);
        }
        return Ok(ChosenAccelerator::new(accelerator, "as asked for"));
    }
    if !is_of_host {
        let why = format!("{} is another architecture than this host's", machine.arch);
        return Ok(ChosenAccelerator::new(Accelerator::Tcg, why));
    }
    if let Err(error) = File::options().read(true).write(true).open(KVM) {
        let why = format!("{KVM} does not open ({error})");
        return Ok(ChosenAccelerator::new(Accelerator::Tcg, why));
    }
    let host = ProbedHost::this(&machine.qemu.program);
    if let Some(mut choice) = recalled(memory, &host) {
        choice.why.push_str(" (remembered)");
        return Ok(choice);
    }
    let step = |text: &str| {
        watcher.event(&Event::Step {
            text: text.to_owned(),
        })
    };
    step("probing KVM with a guest");
    let Err(why) = answers(Accelerator::Kvm, machine, PROBE, dir) else {
        let choice = ChosenAccelerator::new(Accelerator::Kvm, "a guest ran under it");
        return Ok(remembered(memory, host, choice));
    };
    let why = format!("{KVM} opens, but a guest did not run under it: {why}");
    let choice = ChosenAccelerator::new(Accelerator::Tcg, why);
    // Only a kernel that boots under emulation tells something about KVM.
    step("KVM did not answer; trying the same guest under emulation");
    Ok(match answers(Accelerator::Tcg, machine, CONTROL, dir) {
        Ok(()) => remembered(memory, host, choice),
        Err(_) => choice,
    })
}

/// Boots a guest under an accelerator; the error says why it did not report.
fn answers(
    accelerator: Accelerator,
    machine: &Machine,
    patience: Duration,
    dir: &RunDir,
) -> Result<(), String> {
    let attempt = || -> Result<End> {
        let dir = dir.kernel(&format!("probe-{accelerator}"))?;
        let job = Job::Scenarios {
            names: Vec::new(),
            deadline_ms: 0,
        };
        let initramfs = initramfs::pack(&job, machine.arch)?;
        let machine = Machine {
            accelerator,
            initramfs: initramfs.path(),
            ..machine.clone()
        };
        let deadlines = Deadlines {
            boot: patience,
            ..Deadlines::of(accelerator)
        };
        Ok(boot(&machine, &[], deadlines, &dir, &mut |_, _| {})?.end)
    };
    match attempt() {
        Ok(End::Complete) => Ok(()),
        Ok(End::Hung(_)) => Err(format!("no answer within {} s", patience.as_secs())),
        Ok(end) => Err(format!("{end:?}")),
        Err(error) => Err(words(&error)),
    }
}

/// The host as far as the answer depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ProbedHost {
    machine: String,
    kernel: String,
    processor: String,
    qemu: PathBuf,
    /// Seconds since 1970 at which this QEMU was installed.
    qemu_installed: u64,
}

impl ProbedHost {
    fn this(qemu: &Path) -> Self {
        let read = |path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.trim().to_owned()
        };
        let processor = read("/proc/cpuinfo");
        let model = |line: &&str| line.starts_with("model name");
        let installed = fs::metadata(qemu).and_then(|file| file.modified()).ok();
        let installed = installed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            machine: read("/etc/machine-id"),
            kernel: read("/proc/sys/kernel/osrelease"),
            processor: processor.lines().find(model).unwrap_or_default().to_owned(),
            qemu: qemu.to_owned(),
            qemu_installed: installed.map_or(0, |age| age.as_secs()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ProbeMemo {
    host: ProbedHost,
    choice: ChosenAccelerator,
    found: Timestamp,
}

/// How long a negative answer is kept.
const NEGATIVE: SignedDuration = SignedDuration::from_hours(4);

/// Writes the memo; a failure is ignored.
fn remembered(
    memory: Option<&Path>,
    host: ProbedHost,
    choice: ChosenAccelerator,
) -> ChosenAccelerator {
    let memo = ProbeMemo {
        host,
        choice,
        found: Timestamp::now(),
    };
    if let Some(memory) = memory {
        let _ = remember(memory, &memo);
    }
    memo.choice
}

fn recalled(memory: Option<&Path>, host: &ProbedHost) -> Option<ChosenAccelerator> {
    let memory: ProbeMemo = recall(memory?)?;
    let age = Timestamp::now().duration_since(memory.found);
    let holds = memory.choice.accelerator == Accelerator::Kvm
        || (SignedDuration::ZERO..NEGATIVE).contains(&age);
    (memory.host == *host && holds).then_some(memory.choice)
}

fn forget(memory: Option<&Path>) {
    if let Some(memory) = memory {
        // If it cannot be removed, it still expires.
        let _ = fs::remove_file(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> ProbedHost {
        ProbedHost::this(Path::new("/bin/sh"))
    }

    #[test]
    fn an_answer_holds_for_the_host_it_was_found_on() {
        let dir = tempfile::tempdir().unwrap();
        let memory = dir.path().join("accelerator.json");
        let memory = Some(memory.as_path());
        let choice = ChosenAccelerator::new(Accelerator::Tcg, "no answer within 10 s");
        remembered(memory, here(), choice.clone());
        assert_eq!(recalled(memory, &here()), Some(choice));
        let elsewhere = ProbedHost {
            kernel: "9.9.9".to_owned(),
            ..here()
        };
        assert_eq!(recalled(memory, &elsewhere), None);
        forget(memory);
        assert_eq!(recalled(memory, &here()), None);
    }

    #[test]
    fn a_negative_answer_expires_and_a_positive_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let memory = dir.path().join("accelerator.json");
        for (accelerator, holds) in [(Accelerator::Tcg, false), (Accelerator::Kvm, true)] {
            let old = ProbeMemo {
                host: here(),
                choice: ChosenAccelerator::new(accelerator, "found long ago"),
                found: Timestamp::now() - NEGATIVE,
            };
            remember(&memory, &old).unwrap();
            assert_eq!(recalled(Some(&memory), &here()).is_some(), holds);
        }
    }
}
