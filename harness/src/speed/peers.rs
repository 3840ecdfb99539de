//! What others use today, on the same kernel with the same accelerator.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::contest::Contest;
use super::line::{Figure, Goal, Line, Measured};
use super::{Entry, init, one};
use crate::{Accelerator, RunDir};

/// How many times faster Strata is to be than virtme-ng: on a kernel of
/// Debian's for the cloud, and on any other.
const CLOUD: Goal = Goal::AtLeast(5.0);
const GENERIC: Goal = Goal::AtLeast(2.0);

/// vmtest asks for KVM wherever there is a `/dev/kvm`, working or not. This
/// stands between it and QEMU.
const WITHOUT_KVM: &str = "\
#!/bin/sh
for argument; do
    shift
    case $argument in
        -enable-kvm) ;;
        host) set -- \"$@\" max ;;
        *) set -- \"$@\" \"$argument\" ;;
    esac
done
exec QEMU \"$@\"
";

const PEERS: [Peer; 2] = [
    Peer {
        name: "virtme-ng",
        program: "vng",
        command: virtme_ng,
    },
    Peer {
        name: "vmtest",
        program: "vmtest",
        command: vmtest,
    },
];

struct Peer {
    name: &'static str,
    program: &'static str,
    command: fn(&Entry, &RunDir) -> Result<Command>,
}

impl Peer {
    fn is_there(&self) -> bool {
        which::which(self.program).is_ok()
    }

    fn what(&self) -> String {
        format!("{}, `echo`", self.name)
    }
}

/// Enters those that are installed.
pub(crate) fn enter(contest: &mut Contest<'_>, entry: &Entry, dir: &RunDir) -> Result<()> {
    for peer in PEERS.iter().filter(|peer| peer.is_there()) {
        contest.enter_boot(peer.name, (peer.command)(entry, dir)?);
    }
    Ok(())
}

/// How many times as long as Strata's `run -- true` they take.
pub(crate) fn lines(contest: &Contest<'_>, entry: &Entry) -> Vec<Line> {
    let line = |peer: &Peer| {
        let result = match peer.is_there() {
            true => contest
                .took(peer.name)
                .and_then(|took| Ok(Measured::of(took, one::run_took(contest)?)))
                .map_err(|error| format!("runs no command on it: {error:#}")),
            false => Err(format!("`{}` is not in PATH", peer.program)),
        };
        let goal = match entry.packaged.to_string_lossy().contains("cloud") {
            true => CLOUD,
            false => GENERIC,
        };
        Line {
            figure: Figure::Peers,
            kernel: entry.name.clone(),
            what: peer.what(),
            against: "`run -- true`".to_owned(),
            result,
            // vmtest has none: it boots kernels that are built for it.
            goal: (peer.program == "vng").then_some(goal),
        }
    };
    PEERS.iter().map(line).collect()
}

/// On how many kernels each of those that are installed ran nothing.
pub(crate) fn counts(lines: &[Line]) -> Vec<Line> {
    let count = |peer: &Peer| {
        let of_peer = || lines.iter().filter(|line| line.what == peer.what());
        let failed = of_peer().filter(|line| line.result.is_err()).count();
        let all = of_peer().count();
        Line {
            figure: Figure::Peers,
            kernel: format!("{all} kernels"),
            what: peer.what(),
            against: String::new(),
            result: Err(format!("runs no command on {failed} of {all}")),
            goal: None,
        }
    };
    let there = PEERS.iter().filter(|peer| peer.is_there());
    there.map(count).collect()
}

/// As fast as it goes: it looks itself for virtiofsd, and for the machine of
/// the fewest devices where there is KVM; two processors took less than one or
/// all, which it has by default.
fn virtme_ng(entry: &Entry, _: &RunDir) -> Result<Command> {
    let mut command = Command::new("vng");
    if entry.machine.accelerator == Accelerator::Tcg {
        command.arg("--disable-kvm");
    }
    command
        .args(["--cpus", "2", "--run"])
        .arg(&entry.packaged)
        .args(["--", "echo", init::TEXT]);
    Ok(command)
}

fn vmtest(entry: &Entry, dir: &RunDir) -> Result<Command> {
    let mut command = Command::new("vmtest");
    // Its last line is to tell what was wrong.
    command.env("RUST_BACKTRACE", "0");
    if entry.machine.accelerator == Accelerator::Tcg {
        let script = dir.path().join("qemu-without-kvm");
        let text = WITHOUT_KVM.replace("QEMU", &entry.machine.qemu.to_string());
        fs::write(&script, text)
            .and_then(|()| fs::set_permissions(&script, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("writing {}", script.display()))?;
        command.arg("-q").arg(script);
    }
    command
        .arg("-k")
        .arg(&entry.packaged)
        .args(["--", "echo", init::TEXT]);
    Ok(command)
}
