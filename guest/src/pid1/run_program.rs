//! A program, from its start to its end.

use std::fs;
use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::unistd::{Pid, setsid};

use super::fingerprint::Fingerprint;
use super::modules::BeforeProgram;
use super::precedence::Precedence;
use super::pump::{Pump, Signals};
use super::serial::Serial;
use super::shared_memory::GuestRings;
use super::{
    boot_files, cgroups, collect, filesystems, modules, network, orphans, process, root,
    shared_memory, static_devices,
};
use crate::probe::reap;
use crate::protocol::{HEARTBEAT, Need, ProgramJob, Record, STDIN_PATH, Status, Stdin};

/// Runs a program and carries its streams; tells the host how it ended.
pub(crate) fn run(
    console: &Serial,
    program: &ProgramJob,
    delivered: Option<&mut GuestRings>,
    fingerprint: Option<&mut Fingerprint>,
) -> Result<(), String> {
    if delivered.is_none() {
        prepare();
    }
    let mut before = BeforeProgram::new(console);
    if program.volume {
        before.mount_volume()?;
    } else if delivered.is_none() {
        root::bind_initramfs().map_err(|errno| format!("mounting the program's root: {errno}"))?;
    }
    root::furnish(program.user, program.network)
        .map_err(|error| format!("making the program's root: {error}"))?;
    let failed = |errno: Errno| format!("waiting for {}: {errno}", program.path);
    let signals = Signals::catch().map_err(failed)?;
    modules::offer().map_err(failed)?;
    // A program belongs to this session and leads none: a terminal that it opens
    // does not become its own (credentials(7)).
    let _ = setsid();
    // Before the program could change what the machine has.
    let mut found = match delivered {
        Some(_) => None,
        None => shared_memory::find().map(|memory| GuestRings::new(memory, console)),
    };
    let shared = delivered.or(found.as_mut());
    if let Some(mode) = program.cgroup
        && let Err(why) = cgroups::mount_as(mode)
    {
        let is_need = |need: &Need| matches!(need, Need::Cgroup(version) if mode.has(*version));
        if !program.needs.iter().any(is_need) {
            return Err(format!("--cgroup {mode}: {why}"));
        }
        console.send(&Record::NotApplicable { why });
        return Ok(());
    }
    if let Some(why) = before.prepare(program)? {
        console.send(&Record::NotApplicable { why });
        return Ok(());
    }
    if let Some(fingerprint) = fingerprint {
        fingerprint.with_devices_of(program);
    }
    let started = process::start(program).and_then(|mut starting| {
        let precedence = Precedence::take();
        before
            .answer_until(starting.as_fd(), &signals)
            .map_err(io::Error::other)?;
        starting
            .outcome()
            .map(|()| (starting.pid, starting.streams, precedence))
    });
    let (pid, streams, _precedence) = match started {
        Ok(started) => started,
        Err(error) => return refused(console, program, &error),
    };
    let terminal = streams.terminal.is_some();
    // It may end the kernel at once: what it writes is carried without waiting for this to leave.
    console.post(&Record::ProgramStarted {
        terminal,
        shared: shared.is_some(),
    });
    // Without a terminal, a program reads the file itself.
    let at_hand = match program.stdin {
        Stdin::Null => Vec::new(),
        Stdin::File if !terminal => Vec::new(),
        Stdin::Console | Stdin::File => fs::read(STDIN_PATH).unwrap_or_default(),
    };
    let more = program.stdin == Stdin::Console;
    let mut pump = Pump::new(
        console,
        streams,
        shared,
        signals,
        &at_hand,
        more,
        before.frames,
    );
    // How long a program takes is for the host to judge.
    let status = loop {
        if let Some(status) = reap_until(pid).map_err(failed)? {
            break status;
        }
        if !pump.turn(HEARTBEAT)? {
            console.post(&Record::Alive);
        }
    };
    // What it has left behind would hold its streams open.
    orphans::end_all();
    let whole = pump.empty()?;
    console.send(&Record::ProgramEnded {
        status,
        whole,
        carried: pump.carried(),
    });
    if !program.wanted.is_empty() {
        console.send(&Record::FilesFollow);
        let archive = collect::pack(&program.wanted);
        let archive = archive.map_err(|error| format!("packing files for the host: {error}"))?;
        pump.carry_files(archive)?;
        orphans::end_all();
        console.send(&Record::FilesEnd {
            carried: pump.carried(),
        });
    }
    Ok(())
}

/// Does what programs need of the machine, once.
pub(crate) fn prepare() {
    filesystems::mount_for_programs();
    static_devices::make();
    boot_files::unpack_config();
    let _ = network::bring_loopback_up();
}

/// Reports that a program could not be executed; any other error is a failure of the
/// guest.
fn refused(console: &Serial, program: &ProgramJob, error: &io::Error) -> Result<(), String> {
    let path = &program.path;
    let missing = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENOTDIR) => true,
        Some(
            Errno::E2BIG
            | Errno::EACCES
            | Errno::EISDIR
            | Errno::ELIBBAD
            | Errno::ELOOP
            | Errno::ENAMETOOLONG
            | Errno::ENOEXEC
            | Errno::EPERM
            | Errno::ETXTBSY,
        ) => false,
        _ => return Err(format!("cannot run {path}: {error}")),
    };
    let why = format!("{path}: {error}");
    console.send(&Record::ProgramRefused { why, missing });
    Ok(())
}

/// Reaps all that are dead, up to the program; says how it died, if it was among
/// them.
fn reap_until(program: Pid) -> Result<Option<Status>, Errno> {
    while let Some((pid, status)) = reap(None)? {
        if pid == program {
            return Ok(Some(status));
        }
    }
    Ok(None)
}
