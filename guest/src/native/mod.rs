//! The guest as a program on a running system: PID 1 of namespaces made for it,
//! which leave that system as it was; may use: claims, protocol, probe, scenarios,
//! pid1.

mod confinement;
mod enter;
mod outside;

use std::io::{self, Read, Write};
use std::process::exit;
use std::time::Duration;

use enter::enter;

use crate::claims::RunningKernel;
use crate::pid1::{supervise, unknown};
use crate::protocol::{Confinement, NativeJob, NativeRecord};
use crate::scenarios;

/// Does the job and exits.
pub fn run() -> ! {
    let confinement = match enter() {
        Ok(confinement) => confinement,
        Err(why) => {
            say(&NativeRecord::Broken { why });
            exit(1)
        }
    };
    // From here on, this is PID 1.
    let record = match do_job(confinement) {
        Ok(()) => NativeRecord::Finished,
        Err(why) => NativeRecord::Broken { why },
    };
    say(&record);
    exit(0)
}

fn do_job(confinement: Confinement) -> Result<(), String> {
    let mut job = Vec::new();
    let read = io::stdin().read_to_end(&mut job);
    read.map_err(|error| format!("reading the job: {error}"))?;
    let job: NativeJob = serde_json::from_slice(&job).map_err(|error| error.to_string())?;

    let kernel = RunningKernel::running().map_err(|error| error.to_string())?;
    say(&NativeRecord::Entered {
        kernel,
        confinement,
    });
    let deadline = Duration::from_millis(job.deadline_ms);
    for name in &job.scenarios {
        let scenario = scenarios::find(name).ok_or_else(|| unknown(name))?;
        let (outcome, observation) = supervise(scenario, deadline, &|| {})?;
        say(&NativeRecord::Ended {
            scenario: name.clone(),
            outcome,
            observation,
        });
    }
    Ok(())
}

/// Writes a line. A failure cannot be reported; the host misses the line.
fn say(record: &NativeRecord) {
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    let mut stdout = io::stdout();
    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
}
