//! Runs scenarios on several kernels at a time.

use std::num::NonZeroUsize;
use std::thread;

use anyhow::Result;
use guest::Scenario;
use images::{Kernel, Store};

use super::examine::examine;
use crate::kernels::Machines;
use crate::machine::Deadlines;
use crate::results::{Cell, Event, Matrix, Problem, Row, Verdict, Watcher};
use crate::system::{RunDir, printable, printable_data, quoted, side_by_side};

/// A run of scenarios on kernels.
pub struct Suite<'a> {
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// The scenarios, for each of them.
    pub scenarios: Vec<&'a Scenario>,
    /// What boots them.
    pub machines: Machines,
    /// How many machines may run at the same time.
    pub jobs: NonZeroUsize,
    /// Deadlines other than the usual ones.
    pub deadlines: Option<Deadlines>,
}

impl<'a> Suite<'a> {
    /// A suite on this host.
    ///
    /// # Errors
    /// If QEMU is missing.
    pub fn new(
        kernels: Vec<Kernel>,
        scenarios: Vec<&'a Scenario>,
        store: Store,
        dir: RunDir,
    ) -> Result<Self> {
        Ok(Self {
            kernels,
            scenarios,
            machines: Machines::new(store, dir)?,
            jobs: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            deadlines: None,
        })
    }

    /// Runs all kernels. One that fails does not stop the others.
    pub fn run(&self, watcher: &dyn Watcher) -> Matrix {
        let mut rows = Vec::new();
        let work = |kernel: &Kernel| self.row(kernel, watcher);
        side_by_side(self.jobs, &self.kernels, work, |row| rows.push(row));
        Matrix { rows }
    }

    /// Runs one kernel.
    pub fn row(&self, kernel: &Kernel, watcher: &dyn Watcher) -> Row {
        let spec = match kernel {
            Kernel::Catalogued(_) | Kernel::Vendored(_) => kernel.spec(),
            Kernel::File(path) => quoted(path.as_os_str()),
        };
        let mut row = Row::new(kernel.name(), spec);
        if let Err(problem) = self.fill(kernel, &mut row, watcher) {
            let problem = printable_data(&problem);
            let not_run = Verdict::NotRun;
            let cell = |scenario: &&Scenario| Cell::without(scenario.name, not_run, problem.why());
            row.cells = self.scenarios.iter().map(cell).collect();
            row.problem = Some(problem);
        }
        watcher.event(&Event::Kernel(Box::new(row.clone())));
        row
    }

    fn fill(&self, kernel: &Kernel, row: &mut Row, watcher: &dyn Watcher) -> Result<(), Problem> {
        let bootable = self.machines.machine(kernel, watcher)?;
        row.image = Some(printable(&bootable.image));
        row.substitute.clone_from(&bootable.substitute);
        row.dir = bootable.dir.path().to_owned();
        let usual = Deadlines::of(bootable.machine.accelerator);
        let deadlines = self.deadlines.unwrap_or(usual);
        examine(row, &bootable, &self.scenarios, deadlines, watcher);
        Ok(())
    }
}
