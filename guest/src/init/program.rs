//! A program, from its start to its end.

use std::fs;

use guest::{HEARTBEAT, Program, Record, STDIN_PATH, Status, Stdin};
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::console::Console;
use super::pump::{ChildSignal, Pump};
use super::{filesystems, network, orphans, process};

/// Runs a program and carries its streams; tells the host how it ended.
pub(crate) fn run(console: &Console, program: &Program) -> Result<(), String> {
    filesystems::mount_for_programs();
    let _ = network::bring_loopback_up();
    let failed = |errno: Errno| format!("waiting for {}: {errno}", program.path);
    let signal = ChildSignal::catch().map_err(failed)?;
    let process =
        process::start(program).map_err(|error| format!("cannot run {}: {error}", program.path))?;
    let pid = process.pid;
    console.send(&Record::ProgramStarted {
        terminal: process.terminal.is_some(),
    });
    let at_hand = match program.stdin {
        Stdin::Console => fs::read(STDIN_PATH).unwrap_or_default(),
        Stdin::Null | Stdin::File => Vec::new(),
    };
    let mut pump = Pump::new(console, process, signal, &at_hand);
    // How long a program takes is for the host to judge.
    let status = loop {
        if let Some(status) = reap(pid).map_err(failed)? {
            break status;
        }
        if !pump.turn(HEARTBEAT)? {
            console.post(&Record::Alive);
        }
    };
    // What it has left behind would hold its streams open.
    orphans::end_all();
    pump.empty()?;
    console.send(&Record::ProgramEnded { status });
    Ok(())
}

/// Reaps whoever is dead; says how the program died, if it was among them.
fn reap(program: Pid) -> Result<Option<Status>, Errno> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::Exited(pid, status) if pid == program => {
                return Ok(Some(Status::Exited(status)));
            }
            WaitStatus::Signaled(pid, signal, _) if pid == program => {
                return Ok(Some(Status::Killed(signal as i32)));
            }
            WaitStatus::StillAlive => return Ok(None),
            _ => {}
        }
    }
}
