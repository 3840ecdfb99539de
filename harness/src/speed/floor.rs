//! What cannot be done faster: QEMU, the kernel, and next to nothing in it.

use std::ffi::OsString;
use std::process::Command;

use super::contest::Contest;
use super::line::{Figure, Line, Measured};
use super::{Entry, init};
use crate::Machine;
use crate::machine::CPU;

/// Bare QEMU with the kernel as it is packaged.
pub(crate) const BARE: &str = "bare QEMU";
/// The machine that Strata boots, with the same small init.
pub(crate) const OURS: &str = "Strata's machine";

/// What might make a boot faster: words for the kernel, and what the machine's
/// arguments have instead of others. What is taken of it, and why the rest is
/// not, stands in docs/performance.md.
const TRIED: &[Tried] = &[
    Tried::machine("pc,acpi=off"),
    Tried::machine("pc,hpet=off,usb=off,smbus=off,vmport=off"),
    Tried::machine("q35"),
    Tried::word("mitigations=off"),
    Tried::word("nosmp"),
    Tried::word("tsc=reliable"),
];

struct Tried {
    machine: Option<&'static str>,
    word: Option<&'static str>,
}

impl Tried {
    const fn machine(machine: &'static str) -> Self {
        Self {
            machine: Some(machine),
            word: None,
        }
    }

    const fn word(word: &'static str) -> Self {
        Self {
            machine: None,
            word: Some(word),
        }
    }

    fn name(&self) -> String {
        [
            self.machine.map(|machine| format!("-machine {machine}")),
            self.word.map(str::to_owned),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn command(&self, machine: &Machine) -> Command {
        let mut machine = machine.clone();
        machine.append.extend(self.word.map(str::to_owned));
        let arguments = machine.arguments().into_iter();
        let arguments = arguments.map(|argument| match self.machine {
            Some(other) if argument == "pc" => other.into(),
            _ => argument,
        });
        command(&machine, arguments.collect())
    }
}

/// Enters bare QEMU and Strata's machine, both with the smallest init.
pub(crate) fn enter(contest: &mut Contest<'_>, entry: &Entry) -> anyhow::Result<()> {
    init::pack(&entry.machine.initramfs)?;
    contest.enter_boot(BARE, command(&entry.machine, bare(entry)));
    let ours = command(&entry.machine, entry.machine.arguments());
    contest.enter_boot(OURS, ours);
    Ok(())
}

/// Enters what might be faster.
pub(crate) fn enter_tried(contest: &mut Contest<'_>, entry: &Entry) {
    for tried in TRIED {
        contest.enter_boot(&tried.name(), tried.command(&entry.machine));
    }
}

/// Strata's machine over bare QEMU, and over each that might be faster.
pub(crate) fn lines(contest: &Contest<'_>, entry: &Entry) -> Vec<Line> {
    let tried = TRIED.iter().map(Tried::name);
    [BARE.to_owned()]
        .into_iter()
        .chain(tried)
        .map(|against| Line {
            figure: Figure::Floor,
            kernel: entry.name.clone(),
            what: OURS.to_owned(),
            result: contest
                .took(OURS)
                .and_then(|ours| Ok(Measured::of(ours, contest.took(&against)?)))
                .map_err(|error| format!("{error:#}")),
            against,
            goal: None,
        })
        .collect()
}

fn command(machine: &Machine, arguments: Vec<OsString>) -> Command {
    let mut command = machine.qemu.command();
    command.args(arguments);
    command
}

/// QEMU's arguments as nobody could leave one out who wants to see a line and
/// an end: the same processor and memory, and no device but the serial port.
fn bare(entry: &Entry) -> Vec<OsString> {
    let machine = &entry.machine;
    let memory = machine.memory_mib.to_string();
    let mut arguments: Vec<OsString> = [
        "-nodefaults",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
        "-accel",
        machine.accelerator.name(),
        "-cpu",
        CPU,
        "-m",
        &memory,
        "-append",
        "console=ttyS0 quiet panic=-1",
    ]
    .map(OsString::from)
    .into();
    for (option, path) in [
        ("-kernel", &entry.packaged),
        ("-initrd", &machine.initramfs),
    ] {
        arguments.push(option.into());
        arguments.push(path.into());
    }
    arguments
}
