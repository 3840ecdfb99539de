//! The probe's process, and what it starts, behave badly.

use std::hint::black_box;
use std::mem;
use std::process::exit;

use nix::unistd::{fork, setsid};

use super::hang::sleep_for_ever;
use super::{Fault, begin};
use crate::probe::{Background, Pid, Signal, fork_child, getpid, kill};
use crate::processor;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "fault_exit",
        "the probe exits with 0, without a word",
        |facts| {
            begin(facts)?;
            exit(0)
        },
    )
    .ends(&["DIED"]),
    Fault::new(
        "fault_illegal_instruction",
        "the probe dies of what is no instruction",
        |facts| {
            begin(facts)?;
            processor::illegal_instruction()
        },
    )
    .ends(&["DIED"]),
    Fault::new(
        "fault_close_everything",
        "the probe closes all of its files and stays",
        |facts| {
            begin(facts)?;
            for fd in 0..1024 {
                // SAFETY: nothing here uses any of them again.
                unsafe { libc::close(fd) };
            }
            sleep_for_ever()
        },
    )
    .ends(&["TIMED OUT"]),
    Fault::new(
        "fault_kill_everything",
        "every signal is sent to PID 1, SIGKILL to all processes, and to the probe",
        |facts| {
            begin(facts)?;
            for signal in 1..=64 {
                // SAFETY: it takes numbers only. Whether it succeeds is no matter.
                unsafe { libc::kill(1, signal) };
            }
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
            kill(getpid(), Signal::SIGKILL)?;
            Ok(())
        },
    )
    .ends(&["DIED"]),
    // How far it gets is a matter of memory and of time.
    Fault::new(
        "fault_fork_bomb",
        "every process forks, as long as it can",
        |facts| {
            begin(facts)?;
            loop {
                // SAFETY: the children do the same as their parent.
                let _ = unsafe { fork() };
            }
        },
    )
    .ends(&["TIMED OUT", "DIED", "PANICKED", "HUNG", "BROKEN"]),
    Fault::new(
        "fault_out_of_memory",
        "the probe takes memory until it is killed for it",
        |facts| {
            begin(facts)?;
            let mut taken = Vec::new();
            loop {
                taken.push(black_box(vec![1_u8; 1 << 20]));
            }
        },
    )
    .ends(&["DIED", "PANICKED"]),
    // PID 1 ends them before the next scenario.
    Fault::new(
        "fault_orphans",
        "a hundred processes stay behind, each leading a session",
        |facts| {
            begin(facts)?;
            for _ in 0..100 {
                fork_child(|| {
                    let _ = setsid();
                    sleep_for_ever()
                })?;
            }
            Ok(())
        },
    ),
    Fault::new(
        "fault_endless_facts",
        "the probe and its child say facts without an end, as fast as they can",
        |facts| {
            begin(facts)?;
            let value = "x".repeat(1000);
            // The child keeps the pipe from ending with the probe.
            mem::forget(Background::start(|| ())?);
            loop {
                facts.saw("more", &value);
            }
        },
    )
    .ends(&["BROKEN"]),
];
