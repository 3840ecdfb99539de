//! Runs the tests of a suite on kernels.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::{Need, Status};
use images::{Kernel, Store};
use itertools::Itertools;

use super::expected::{Expected, ExpectedKernel};
use super::judge_case::{CaseOf, SUCCESS, judge_case};
use super::shows::{FAILED, SKIPPED, ShownCases, Shows, listed_by_go, words_of_go};
use super::suite_file::SuiteFile;
use super::unit_test::{UnitTest, units};
use crate::kernels::{Bootable, Machines};
use crate::machine::Network;
use crate::payload::{BadRequest, PackedProgram, Program};
use crate::programs::output::Output;
use crate::programs::runner::{Runner, memory_for};
use crate::programs::session::{Ending, Ran, Standing};
use crate::results::{Cell, Event, Matrix, Problem, Row, Verdict, Watcher};
use crate::scenarios::lost;
use crate::system::{RunDir, lock, printable, printable_data, quoted, side_by_side};

/// How many bytes of a stream are kept: a test may write for ever.
const MOST: usize = 8 << 20;
/// How many lines of what it wrote are shown of a test that failed.
const LAST_LINES: usize = 12;
/// How often a test program is run again, without the cases that ended it or its machine.
const RUNS: usize = 20;

/// In which order the tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOrder {
    /// As they stand in the file.
    Forwards,
    /// The last one first.
    Backwards,
    /// Each on a machine that was booted for it.
    Alone,
}

/// The tests of a suite, on kernels.
pub struct ProgramSuite {
    pub(super) dir: PathBuf,
    pub(super) expected: Expected,
    /// Whether it has all tests of the file.
    pub(super) is_whole: bool,
    tests: Vec<UnitTest>,
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// What boots them.
    pub machines: Machines,
    /// How many machines may run at the same time.
    pub jobs: NonZeroUsize,
}

/// How a run of a test ended, if it did not end by itself.
type Loss = (Verdict, String);

impl ProgramSuite {
    /// The tests of a file; those of these names only, if there are any.
    ///
    /// # Errors
    /// If a program is missing or cannot be built, or no test has such a name.
    pub fn new(
        file: SuiteFile,
        names: &[String],
        kernels: Vec<Kernel>,
        store: Store,
        dir: RunDir,
    ) -> Result<Self> {
        let expected = Expected::read(file.expectations.clone(), &file.dir)?;
        let mut tests = Vec::new();
        for (number, test) in file.tests.iter().enumerate() {
            let own =
                |name: &&str| *name == test.name || name.starts_with(&format!("{}/", test.name));
            let mut asked = names.iter().filter_map(|name| name.split("::").next());
            if !names.is_empty() && !asked.any(|name| own(&name)) {
                continue;
            }
            let units = units(test, &file.dir).with_context(|| file.place_of(number))?;
            let is_asked = |unit: &UnitTest| {
                let mut asked = names.iter().filter_map(|name| name.split("::").next());
                names.is_empty() || asked.any(|name| name == test.name || name == unit.name)
            };
            tests.extend(units.into_iter().filter(is_asked));
        }
        if tests.is_empty() {
            let known = file.tests.iter().map(|test| test.name.as_str()).join(", ");
            bail!(BadRequest::new(match known.is_empty() {
                true => "strata.toml names no tests: write [[test]], name = \"probe\" and run = \
                         [\"./probe\"]"
                    .to_owned(),
                false => format!("no test has that name: strata.toml has {known}"),
            }));
        }
        if let Some(twice) = tests.iter().map(|test| &test.name).duplicates().next() {
            bail!(BadRequest::new(format!(
                "two programs are the test {twice:?}: rename the test of strata.toml that has one \
                 of them"
            )));
        }
        let mut machines = Machines::new(store, dir)?;
        let mut needs = tests.iter().flat_map(|test| &test.packed.program.needs);
        machines.needs_config = needs.any(Need::is_of_config);
        let suite = Self {
            dir: file.dir,
            expected,
            is_whole: names.is_empty(),
            tests,
            kernels,
            machines,
            jobs: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        if suite.is_whole {
            suite.expected.by_hand_is_of(&suite.names())?;
        }
        Ok(suite)
    }

    /// The names of the tests.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.tests.iter().map(|test| test.name.clone()).collect()
    }

    /// Checks that the tests are there of which something was recorded.
    ///
    /// # Errors
    /// If one is not. Recording takes out what is of no test.
    pub fn check_recorded(&self) -> Result<()> {
        match self.is_whole {
            true => self.expected.recorded_is_of(&self.names()),
            false => Ok(()),
        }
    }

    /// Runs all tests on all kernels. One that fails does not stop the others.
    pub fn run(&self, order: TestOrder, watcher: &dyn Watcher) -> Matrix {
        let mut rows = Vec::new();
        let work = |kernel: &Kernel| self.row(kernel, order, watcher);
        side_by_side(self.jobs, &self.kernels, work, |row| rows.push(row));
        let mut matrix = Matrix { rows };
        complete(&mut matrix, &self.names());
        matrix
    }

    /// Runs all tests on one kernel.
    pub(crate) fn row(&self, kernel: &Kernel, order: TestOrder, watcher: &dyn Watcher) -> Row {
        let spec = match kernel {
            Kernel::Catalogued(_) | Kernel::Vendored(_) => kernel.spec(),
            Kernel::File(path) => quoted(path.as_os_str()),
        };
        let mut row = Row::new(kernel.name(), spec);
        if let Err(problem) = self.fill(kernel, &mut row, order, watcher) {
            let problem = printable_data(&problem);
            for test in &self.tests {
                let cells = &mut row.cells;
                if !cells.iter().any(|cell| cell.scenario == test.name) {
                    let cell = Cell::without(&test.name, Verdict::NotRun, problem.why());
                    cells.push(cell);
                }
            }
            row.problem = Some(problem);
        }
        watcher.event(&Event::Kernel(Box::new(row.clone())));
        row
    }

    fn fill(
        &self,
        kernel: &Kernel,
        row: &mut Row,
        order: TestOrder,
        watcher: &dyn Watcher,
    ) -> Result<(), Problem> {
        let bootable = self.machines.machine(kernel, watcher)?;
        row.image = Some(printable(&bootable.image));
        row.substitute.clone_from(&bootable.substitute);
        row.dir = bootable.dir.path().to_owned();
        let started = Instant::now();
        let mut numbers: Vec<usize> = (0..self.tests.len()).collect();
        if order == TestOrder::Backwards {
            numbers.reverse();
        }
        let workers = (self.jobs.get() / self.kernels.len().max(1)).clamp(1, numbers.len());
        let queue = Mutex::new(numbers.into_iter());
        let cells = Mutex::new(vec![Vec::new(); self.tests.len()]);
        let shared = Mutex::new(&mut *row);
        let work = || -> Result<()> {
            // QEMU ends with the thread that started it, so each thread has a machine.
            let mut standing = Standing::default();
            self.boot(&shared, watcher);
            // Not held while the test runs.
            let next = || lock(&queue).next();
            while let Some(number) = next() {
                let test = &self.tests[number];
                let mut own = Standing::default();
                let alone = test.fresh || order == TestOrder::Alone;
                let standing = if alone { &mut own } else { &mut standing };
                let shown = self.test(test, &bootable, order, standing, &shared, watcher)?;
                let name = lock(&shared).name.clone();
                for cell in &shown {
                    watcher.event(&Event::Scenario {
                        kernel: name.clone(),
                        scenario: cell.scenario.clone(),
                        verdict: cell.verdict,
                        took: cell.took,
                    });
                }
                lock(&cells)[number] = shown;
            }
            Ok(())
        };
        let done: Vec<Result<()>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let ended = threads.into_iter().map(|thread| thread.join());
            ended
                .map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        let cells = cells.into_inner().unwrap_or_else(PoisonError::into_inner);
        row.cells = cells.into_iter().flatten().collect();
        row.took = started.elapsed();
        Ok(done.into_iter().collect::<Result<()>>()?)
    }

    /// Counts a machine that comes up for the tests.
    fn boot(&self, row: &Mutex<&mut Row>, watcher: &dyn Watcher) {
        let mut row = lock(row);
        row.boots += 1;
        watcher.event(&Event::Boot {
            kernel: row.name.clone(),
            boot: row.boots,
            scenarios: self.tests.len(),
        });
    }

    /// Runs a test: its cell, and those of its cases.
    fn test(
        &self,
        test: &UnitTest,
        bootable: &Bootable,
        order: TestOrder,
        standing: &mut Standing,
        row: &Mutex<&mut Row>,
        watcher: &dyn Watcher,
    ) -> Result<Vec<Cell>> {
        let size = self.tests.iter().map(|test| test.packed.size()).max();
        let runner = Runner {
            memory_mib: Some(memory_for(size.unwrap_or(0))),
            timeout: Some(test.timeout),
            fresh: order == TestOrder::Alone,
            network: test.network.then(Network::default),
            ..Runner::default()
        };
        let mut cells = Vec::new();
        let mut done: Vec<String> = Vec::new();
        let mut left: Option<PackedProgram> = None;
        // How the program ended between two cases, if it did.
        let mut ended_early: Option<String> = None;
        for _ in 0..RUNS {
            let packed = left.as_ref().unwrap_or(&test.packed);
            let loaded = packed.load(guest::Stdin::Null, &[])?;
            let mut kept = KeptOutput::default();
            let ran = runner.run_loaded(bootable, &loaded, None, &mut kept, Some(standing))?;
            let kernel = {
                let mut row = lock(row);
                row.kernel = row.kernel.take().or(ran.kernel.clone());
                ExpectedKernel::of(&row)
            };
            let kernel = kernel.as_ref();
            let mut shown = test.shows.read(&String::from_utf8_lossy(&kept.stdout));
            shown.cases.retain(|case| !done.contains(&case.name));
            let judge = |name: &str, value: Option<&str>, took: Duration| {
                judge_case(&test.case(name, took), value, &self.expected, kernel)
            };
            for case in &shown.cases {
                let name = format!("{}::{}", test.name, case.name);
                cells.push(judge(&name, Some(&case.value), Duration::ZERO));
                done.push(case.name.clone());
            }
            let ended = test.outcome(&ran, &kept, &shown);
            // The case that ended the program or the machine.
            let has_cases = matches!(test.shows, Shows::Libtest | Shows::Go);
            let running = shown.running.take().filter(|_| has_cases);
            let running = running.filter(|case| !done.contains(case));
            let is_cut = has_cases && !shown.is_whole;
            let has_more = running.is_some() || (is_cut && !shown.cases.is_empty());
            let named = |case: &str| format!("{}::{case}", test.name);
            match ended {
                Ok(value) if is_cut && has_more => match &running {
                    Some(case) => {
                        let failed = judge(&named(case), Some(FAILED), Duration::ZERO);
                        let why = Some(format!("it ended the program: {value}"));
                        cells.push(Cell { why, ..failed });
                    }
                    None => ended_early = ended_early.or(Some(value)),
                },
                Ok(value) => {
                    let value = ended_early.unwrap_or(value);
                    let own = judge(&test.name, Some(&value), ran.took);
                    return Ok(self.whole(test, own, cells, &kept, kernel));
                }
                Err((verdict, why)) => {
                    if verdict != Verdict::NotApplicable {
                        self.boot(row, watcher);
                    }
                    lock(row).last_lines.clone_from(&ran.last_lines);
                    let name = running.as_deref().map_or(test.name.clone(), named);
                    let mut cell = Cell::without(&name, verdict, why);
                    (cell.took, cell.console) = (ran.took, ran.last_lines);
                    if running.is_none() {
                        tell_failures(&mut cells, &kept, test.shows);
                        cells.insert(0, cell);
                        return Ok(cells);
                    }
                    cells.push(cell);
                }
            }
            done.extend(running);
            tell_failures(&mut cells, &kept, test.shows);
            let mut listed = KeptOutput::default();
            if test.shows == Shows::Go {
                let list = test.listing().pack()?.load(guest::Stdin::Null, &[])?;
                runner.run_loaded(bootable, &list, None, &mut listed, Some(standing))?;
            }
            let listed = String::from_utf8_lossy(&listed.stdout);
            left = match test.left(&done, &listed) {
                Some(program) => Some(program.pack()?),
                None => {
                    let value = ended_early.as_deref().unwrap_or(SUCCESS);
                    let own = judge(&test.name, Some(value), ran.took);
                    return Ok(self.whole(test, own, cells, &kept, kernel));
                }
            };
        }
        let why = format!("it was run {RUNS} times, and each time a case ended it");
        cells.insert(0, Cell::without(&test.name, Verdict::Broken, why));
        Ok(cells)
    }

    /// The cells of a test that ran to its end: its own, those of its cases, and those of
    /// cases that are expected and were not shown.
    fn whole(
        &self,
        test: &UnitTest,
        own: Cell,
        mut cells: Vec<Cell>,
        kept: &KeptOutput,
        kernel: Option<&ExpectedKernel>,
    ) -> Vec<Cell> {
        let seen: Vec<String> = cells.iter().map(|cell| cell.scenario.clone()).collect();
        let expected = kernel.map(|kernel| self.not_shown(test, &seen, kernel));
        for name in expected.into_iter().flatten() {
            let case = test.case(&name, Duration::ZERO);
            cells.push(judge_case(&case, None, &self.expected, kernel));
        }
        cells.insert(0, own);
        tell_failures(&mut cells, kept, test.shows);
        cells
    }

    /// Holds what was seen against other expectations.
    pub(super) fn judge_again(&self, matrix: &mut Matrix, expected: &Expected) {
        for row in &mut matrix.rows {
            let kernel = ExpectedKernel::of(row);
            for cell in &mut row.cells {
                let of = |test: &&UnitTest| cell.scenario.split("::").next() == Some(&test.name);
                let (Some(fact), Some(test)) =
                    (cell.observed.0.first(), self.tests.iter().find(of))
                else {
                    continue;
                };
                let case = test.case(&cell.scenario, cell.took);
                let console = cell.console.clone();
                *cell = Cell {
                    console,
                    ..judge_case(&case, Some(&fact.value), expected, kernel.as_ref())
                };
            }
        }
    }

    /// The cases of a test that are expected on a kernel and are not among these.
    fn not_shown(&self, test: &UnitTest, seen: &[String], kernel: &ExpectedKernel) -> Vec<String> {
        let cases = self.expected.cases_of(&test.name, kernel).into_iter();
        let missing = cases.filter(|case| *case != test.name && !seen.iter().any(|s| s == case));
        missing.map(str::to_owned).collect()
    }
}

impl UnitTest {
    /// The program for the cases that are not done; none, if all of them are.
    fn left(&self, done: &[String], listed: &str) -> Option<Program> {
        if self.shows != Shows::Go {
            return Some(self.without(done));
        }
        let left = listed_by_go(listed).into_iter();
        let left: Vec<&str> = left
            .filter(|test| !done.iter().any(|it| it == test))
            .collect();
        (!left.is_empty()).then(|| self.only(&left))
    }

    /// A case of this test, or the test itself.
    fn case<'a>(&self, name: &'a str, took: Duration) -> CaseOf<'a> {
        CaseOf {
            name,
            is_whole: name == self.name,
            is_fact: self.shows == Shows::Facts && name != self.name,
            took,
        }
    }

    /// What it showed as a whole, if it ended by itself.
    fn outcome(&self, ran: &Ran, kept: &KeptOutput, shown: &ShownCases) -> Result<String, Loss> {
        match &ran.ending {
            // Of others, nothing that they wrote counts.
            Ending::Ended(_) if kept.left_out && self.shows != Shows::Exit => {
                Err((Verdict::Broken, format!("it wrote over {MOST} bytes")))
            }
            Ending::Ended(status @ Status::Killed(_)) => Ok(status.to_string()),
            Ending::Ended(status) => match &shown.wrong {
                Some(wrong) if status.success() => Err((Verdict::Broken, wrong.clone())),
                Some(wrong) => Err((Verdict::Broken, format!("{wrong}; {status}"))),
                None if !self.shows.ends_well(*status, shown) => Ok(status.to_string()),
                None if shown.is_skipped => Ok(SKIPPED.to_owned()),
                None => Ok(SUCCESS.to_owned()),
            },
            Ending::NotApplicable(why) => Err((Verdict::NotApplicable, printable(why))),
            Ending::Refused(why, _) => Err((Verdict::Broken, printable(why))),
            Ending::TimedOut(limit) => {
                let (limit, written) = (limit.as_secs(), kept.written);
                // Tells a program that hangs from one that writes for ever.
                let why = format!("not done after {limit} s, in which it wrote {written} bytes");
                Err((Verdict::TimedOut, why))
            }
            Ending::Lost(end) => Err(lost(end.clone())),
            Ending::Interrupted | Ending::OutputClosed => {
                Err((Verdict::NotRun, "it was interrupted".to_owned()))
            }
        }
    }
}

/// What a test wrote, as far as it is kept.
#[derive(Default)]
struct KeptOutput {
    stdout: Vec<u8>,
    /// The last of both streams.
    last: VecDeque<u8>,
    left_out: bool,
    /// How many bytes of both streams there were.
    written: usize,
}

impl Output for KeptOutput {
    fn bytes(&mut self, stream: guest::wire::Stream, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.last.extend(bytes);
        let excess = self.last.len().saturating_sub(LAST_LINES * 500);
        self.last.drain(..excess);
        if stream == guest::wire::Stream::Stdout {
            let room = MOST - self.stdout.len();
            self.left_out |= bytes.len() > room;
            self.stdout.extend(&bytes[..bytes.len().min(room)]);
        }
        Ok(())
    }
}

/// Adds what a test wrote to those of its cells that are red and have nothing to show.
fn tell_failures(cells: &mut [Cell], kept: &KeptOutput, shows: Shows) {
    let stdout = String::from_utf8_lossy(&kept.stdout);
    let last: Vec<u8> = kept.last.iter().copied().collect();
    let last = String::from_utf8_lossy(&last);
    let red = cells.iter_mut().filter(|cell| cell.verdict.is_red());
    for cell in red.filter(|cell| cell.console.is_empty()) {
        let case = cell.scenario.split_once("::").map(|(_, case)| case);
        let own = case.and_then(|case| match shows {
            Shows::Go => {
                let words = words_of_go(&stdout, case).into_iter().map(printable);
                Some(words.collect()).filter(|words: &Vec<String>| !words.is_empty())
            }
            _ => own_words(&stdout, case),
        });
        let lines = own.unwrap_or_else(|| last.lines().map(printable).collect());
        cell.console = lines[lines.len().saturating_sub(LAST_LINES)..].to_vec();
    }
}

/// What a case of a test program of Rust wrote, which the program tells at its end.
fn own_words(stdout: &str, case: &str) -> Option<Vec<String>> {
    let mark = format!("---- {case} stdout ----");
    let mut lines = stdout.lines().skip_while(|line| *line != mark);
    lines.next()?;
    let own = lines.take_while(|line| !line.starts_with("---- ") && *line != "failures:");
    Some(own.filter(|line| !line.is_empty()).map(printable).collect())
}

/// Gives each row a cell for each case that any of them has.
fn complete(matrix: &mut Matrix, tests: &[String]) {
    let all = matrix.rows.iter().flat_map(|row| &row.cells);
    let names: Vec<String> = all.map(|cell| cell.scenario.clone()).unique().collect();
    let test = |name: &str| {
        let own = name.split("::").next();
        let place = tests.iter().position(|test| Some(test.as_str()) == own);
        place.unwrap_or(tests.len())
    };
    let names: Vec<&String> = names.iter().sorted_by_key(|name| test(name)).collect();
    for row in &mut matrix.rows {
        let problem = row.problem.as_ref();
        let (verdict, why) = problem
            .map_or((Verdict::NotApplicable, "it was not shown"), |problem| {
                (Verdict::NotRun, problem.why())
            });
        let cells = names.iter().map(|name| {
            let found = row.cells.iter().find(|cell| cell.scenario == **name);
            let missing = || Cell::without(name, verdict, why);
            found.cloned().unwrap_or_else(missing)
        });
        row.cells = cells.collect();
    }
}
