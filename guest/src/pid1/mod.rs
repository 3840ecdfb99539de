//! PID 1: mounts, runs, reaps, reports, and ends the machine; may use: claims,
//! protocol, modprobe, probe, scenarios, faults.

mod appearance;
mod boot_files;
mod cgroups;
mod collect;
mod delivery;
mod disks;
mod filesystems;
mod fingerprint;
mod kept_files;
mod lanes;
mod limits;
mod modules;
mod needs;
mod network;
mod orphans;
mod power;
mod precedence;
mod process;
mod pump;
mod root;
mod run_program;
mod serial;
mod shared_memory;
mod static_devices;
mod supervisor;

use std::convert::Infallible;
use std::fs;
use std::panic;
use std::path::Path;
use std::time::Duration;

use filesystems::Mounts;
use fingerprint::Fingerprint;
use kept_files::FileKeeper;
use serial::Serial;
use shared_memory::GuestRings;
pub(crate) use supervisor::{supervise, unknown};

use crate::claims::RunningKernel;
use crate::faults;
use crate::pci_memory::Mapped;
use crate::protocol::ring;
use crate::protocol::{Delivery, JOB_PATH, Job, Outcome, PROGRAMS_PATH, Record, allowing_for};
use crate::scenarios;

/// What a machine has whose jobs are programs: how it was before the first of them, and files
/// that they have brought.
type ForPrograms = (Fingerprint, Option<FileKeeper>);

/// Does the job and ends the machine, whatever happens.
pub fn run() -> ! {
    // What needs no job is done before the machine may be saved.
    let waits = !Path::new(JOB_PATH).exists();
    let memory = (waits && filesystems::mount_basic().is_ok())
        .then(shared_memory::find)
        .flatten();
    let for_programs = (memory.is_some() && Path::new(PROGRAMS_PATH).exists()).then(|| {
        run_program::prepare();
        let kept = FileKeeper::new();
        (Fingerprint::take(), kept)
    });
    let greeting = if waits {
        let shared = memory.is_some();
        Record::Waiting { shared }
    } else {
        Record::Hello
    };
    match Serial::open(&greeting) {
        Ok((console, delivery)) => run_on(console, for_programs, memory.zip(delivery)),
        // Without a console nothing can be reported.
        Err(_) => power::off(),
    }
}

fn run_on(
    console: Serial,
    for_programs: Option<ForPrograms>,
    delivered: Option<(Mapped, Delivery)>,
) -> ! {
    // If this program panics, its last record says so.
    let last_words = console.clone();
    panic::set_hook(Box::new(move |panic| {
        last_words.send(&Record::Broken {
            why: format!("PID 1 of the guest {panic}"),
        });
        power::off()
    }));
    let Err(why) = do_jobs(&console, for_programs, delivered);
    console.send(&Record::Broken { why });
    power::off()
}

/// Does the job in the initramfs, or one after another that is delivered, as long as none
/// of them changes the machine.
fn do_jobs(
    console: &Serial,
    for_programs: Option<ForPrograms>,
    delivered: Option<(Mapped, Delivery)>,
) -> Result<Infallible, String> {
    let Some((memory, mut delivery)) = delivered else {
        filesystems::mount_basic()?;
        do_job(console, None, None)?;
        power::off()
    };
    let own = ring::of_lane(memory, 0).ok_or("the shared memory is too short")?;
    let mut rings = GuestRings::new(own, console);
    let (mut fingerprint, mut kept) = match for_programs {
        Some((fingerprint, kept)) => (Some(fingerprint), kept),
        None => (None, None),
    };
    loop {
        delivery::take(console, &mut rings, &delivery, kept.as_mut())?;
        if let Job::Lanes { number } = job()? {
            console.send(&booted()?);
            return lanes::keep(console, memory, number, fingerprint.as_ref());
        }
        do_job(console, Some(&mut rings), fingerprint.as_mut())?;
        // The host may have gone on already: it has the result.
        root::unmount();
        let ended = kept
            .as_mut()
            .filter(|_| delivery.known)
            .map(FileKeeper::end);
        if matches!(ended, Some(Err(_))) {
            kept = None;
        }
        let changed = fingerprint.as_ref().and_then(Fingerprint::changed);
        let next = console.next_job();
        let next = next.map_err(|error| format!("waiting for the next job: {error}"))?;
        delivery = next.ok_or("the host says what is not its turn to say")?;
        if let Some(what) = changed {
            console.send(&Record::Changed { what });
            power::off()
        }
    }
}

/// Does a job, and tells the host.
fn do_job(
    console: &Serial,
    rings: Option<&mut GuestRings>,
    fingerprint: Option<&mut Fingerprint>,
) -> Result<(), String> {
    let since = uptime();
    let job = job()?;
    console.send(&booted()?);
    let scenarios = match &job {
        Job::Scenarios { names, deadline_ms } => {
            let deadline = Duration::from_millis(*deadline_ms);
            look(console, names, allowing_for(deadline, since))?;
            names.len()
        }
        Job::Lanes { .. } => {
            let why = "it shares no memory with the host".to_owned();
            console.send(&Record::NotApplicable { why });
            0
        }
        Job::Program(program) => {
            run_program::run(console, program, rings, fingerprint)?;
            0
        }
    };
    console.send(&Record::Finished { scenarios });
    Ok(())
}

/// The job that the host has given.
fn job() -> Result<Job, String> {
    let job = fs::read(JOB_PATH).map_err(|error| format!("{JOB_PATH}: {error}"))?;
    serde_json::from_slice(&job).map_err(|error| format!("{JOB_PATH}: {error}"))
}

/// The word that the kernel is up.
fn booted() -> Result<Record, String> {
    let kernel = RunningKernel::running().map_err(|error| error.to_string())?;
    Ok(Record::Booted { kernel })
}

/// How long ago the kernel started; nothing where it does not tell.
fn uptime() -> Duration {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text
        .split(' ')
        .next()
        .and_then(|seconds| seconds.parse().ok());
    Duration::try_from_secs_f64(seconds.unwrap_or(0.0)).unwrap_or_default()
}

/// Looks at one scenario after the other.
fn look(console: &Serial, names: &[String], deadline: Duration) -> Result<(), String> {
    filesystems::mount_for_scenarios();
    let mut mounts = Mounts::as_they_are().map_err(|error| format!("reading mounts: {error}"))?;
    for name in names {
        console.send(&Record::Started {
            scenario: name.clone(),
        });
        let fault = faults::find(name);
        let scenario = scenarios::find(name)
            .or(fault.map(|fault| &fault.scenario))
            .ok_or_else(|| unknown(name))?;
        let late = || {
            console.send(&Record::Late {
                scenario: name.clone(),
            });
            console.be_looked_at();
        };
        let (mut outcome, observation) = supervise(scenario, deadline, &late)?;
        if mounts.have_changed() {
            outcome = Outcome::Failed("it left other mounts than it found".to_owned());
        }
        let ended = Record::Ended {
            scenario: name.clone(),
            outcome,
            observation,
        };
        match fault.and_then(|fault| fault.report) {
            None => console.send(&ended),
            Some(report) => console.send_as(&ended, report),
        }
    }
    Ok(())
}
