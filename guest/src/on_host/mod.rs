//! The guest as a program on a running system: PID 1 of namespaces of its own,
//! which leave that system as it was.

mod confinement;
mod keeper;
mod namespaces;

use std::io::{self, Read, Write};
use std::process::exit;
use std::time::Duration;

use guest::{Confinement, Kernel, NativeJob, NativeRecord, scenarios, supervise};

use crate::init::end_orphans;

/// Does the job and exits.
pub(crate) fn run() -> ! {
    let confinement = match namespaces::enter() {
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

    let kernel = Kernel::running().map_err(|error| error.to_string())?;
    say(&NativeRecord::Entered {
        kernel,
        confinement,
    });
    for name in &job.scenarios {
        let scenario = scenarios::find(name)
            .ok_or_else(|| format!("the guest knows no scenario {name:?}: it is out of date"))?;
        let (outcome, observation) = supervise(scenario, Duration::from_millis(job.deadline_ms))
            .map_err(|error| format!("no process for {name}: {error}"))?;
        // Everybody in this PID namespace, and nobody else.
        end_orphans();
        say(&NativeRecord::Ended {
            scenario: name.clone(),
            outcome,
            observation,
        });
    }
    Ok(())
}

/// There is nobody to tell where this fails; the host misses the line.
fn say(record: &NativeRecord) {
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    let mut stdout = io::stdout();
    let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
}
