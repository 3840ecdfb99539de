//! The nightly on this host: the commands of its workflow, job by job, each in its own
//! workspace; and the same kernels, split by hand.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::{Cell, Claimed, PastRun, Verdict, missing_shards, side_by_side};
use serde::Deserialize;
use strata_tests::xtask;
use tempfile::{TempDir, tempdir};

/// Kernels that every Debian machine can get, from old to new.
const KERNELS: [&str; 3] = ["5.10", "6.1", "6.12"];

/// How many jobs run at a time.
const JOBS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// The parts of a workflow that are used here.
#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, WorkflowJob>,
}

#[derive(Deserialize)]
struct WorkflowJob {
    steps: Vec<WorkflowStep>,
}

#[derive(Deserialize)]
struct WorkflowStep {
    id: Option<String>,
    run: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    with: BTreeMap<String, serde_json::Value>,
}

impl Workflow {
    fn nightly() -> Self {
        let path = harness::root().join(".github/workflows/nightly.yml");
        yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn step(&self, job: &str, id: &str) -> &WorkflowStep {
        let mut steps = self.jobs[job].steps.iter();
        steps.find(|step| step.id.as_deref() == Some(id)).unwrap()
    }
}

/// What `fromJSON` makes of the matrix.
#[derive(Deserialize)]
struct JobMatrix {
    include: Vec<BTreeMap<String, String>>,
}

/// A runner: a workspace with nothing but what a build leaves there.
struct JobRunner(TempDir);

impl JobRunner {
    fn new() -> Self {
        let workspace = tempdir().unwrap();
        let target = workspace.path().join("target");
        fs::create_dir_all(target.join("strata")).unwrap();
        // The guest is built once for all of them.
        let guest = "x86_64-unknown-linux-gnu";
        fs::create_dir_all(harness::target().join(guest)).unwrap();
        symlink(harness::target().join(guest), target.join(guest)).unwrap();
        // It is known already which accelerator works on this host.
        let known = "strata/accelerator.json";
        if harness::target().join(known).exists() {
            fs::copy(harness::target().join(known), target.join(known)).unwrap();
        }
        // `cargo xtask` is the program under test; other commands go to cargo.
        let cargo = format!(
            "#!/bin/sh\n[ \"$1\" = xtask ] || exec '{}' \"$@\"\nshift\nexec '{}' \"$@\"\n",
            env!("CARGO"),
            xtask().get_program().display()
        );
        fs::create_dir(workspace.path().join("bin")).unwrap();
        let shim = workspace.path().join("bin/cargo");
        fs::write(&shim, cargo).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
        Self(workspace)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command in this workspace.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.path())
            .env("PATH", format!("{}/bin:{path}", self.path().display()))
            .env("CARGO_TARGET_DIR", self.path().join("target"))
            .env("KERNELS", KERNELS.join(" "))
            .env("GITHUB_OUTPUT", self.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", self.path().join("summary"));
        command
    }

    /// Runs a step as GitHub does; `job` has the variables of the matrix.
    fn step(&self, step: &WorkflowStep, job: &BTreeMap<String, String>) -> Output {
        let script = self.path().join("script");
        fs::write(&script, step.run.as_ref().unwrap()).unwrap();
        let mut command = self.command("bash");
        command.arg("-e").arg(script);
        for (name, value) in &step.env {
            let inner = value.strip_prefix("${{ matrix.").unwrap();
            let key = inner.strip_suffix(" }}").unwrap();
            command.env(name, &job[key]);
        }
        command.output().unwrap()
    }

    /// `cargo xtask test-kernels` of these kernels, with these options.
    fn test_kernels(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("cargo");
        command.args(["xtask", "test-kernels", "--strict"]);
        command.args(arguments).output().unwrap()
    }

    /// The directories that a job keeps: its runs.
    fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("target/strata")).unwrap();
        let entries = entries.map(|entry| entry.unwrap().path());
        // Other directories there only save time.
        let is_run = |path: &PathBuf| path.join("events.jsonl").is_file();
        entries.filter(is_run).collect()
    }

    /// Moves the runs to the artifact of a job.
    fn hand_over(&self, artifact: &Path) {
        fs::create_dir_all(artifact).unwrap();
        for run in self.runs() {
            fs::rename(&run, artifact.join(run.file_name().unwrap())).unwrap();
        }
    }

    fn run(&self) -> PastRun {
        let [dir] = &self.runs()[..] else {
            panic!("one run was made here, not {:?}", self.runs())
        };
        PastRun::read(dir).unwrap()
    }
}

fn assert_success(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}\n{stderr}");
}

/// What does not depend on the machine, by kernel.
type Findings = BTreeMap<String, Vec<(String, Verdict, Option<Claimed>)>>;

fn findings(runs: &[PastRun]) -> Findings {
    let cell = |cell: &Cell| (cell.scenario.clone(), cell.verdict, cell.claim.clone());
    let mut findings = Findings::new();
    for row in runs.iter().flat_map(|run| &run.rows) {
        let cells = row.cells.iter().map(cell).collect();
        let twice = findings.insert(row.spec.clone(), cells);
        assert_eq!(twice, None, "{} was run twice", row.spec);
    }
    findings
}

/// The parts are the whole, and one that is left out is missed.
fn assert_whole(parts: &[PastRun], whole: &PastRun) {
    assert!(whole.finished.is_some() && parts.iter().all(|part| part.finished.is_some()));
    assert_eq!(findings(parts), findings(std::slice::from_ref(whole)));
    assert_eq!(
        findings(parts).keys().collect::<Vec<_>>(),
        KERNELS.each_ref()
    );
    assert_eq!(missing_shards(parts.iter().map(|run| &run.header)), []);
    let but_the_first = parts[1..].iter().map(|run| &run.header);
    assert_eq!(
        Some(&missing_shards(but_the_first)[..]),
        parts[0].header.shard.as_ref().map(std::slice::from_ref)
    );
}

/// The jobs of the workflow, and what is kept of them.
fn night() -> Vec<PastRun> {
    let workflow = Workflow::nightly();
    let first = JobRunner::new();
    assert_success(&first.step(workflow.step("matrix", "list"), &BTreeMap::new()));
    let output = fs::read_to_string(first.path().join("output")).unwrap();
    let matrix = output.trim_end().strip_prefix("matrix=").unwrap();
    let matrix: JobMatrix = serde_json::from_str(matrix).unwrap();
    let kernels = matrix.include.iter().map(|job| job["kernel"].as_str());
    assert_eq!(kernels.collect::<Vec<_>>(), KERNELS);

    let kept = &workflow.step("kernel", "keep").with["path"];
    assert_eq!(kept.as_str(), Some("target/strata/20*/"));
    let last = JobRunner::new();
    let job = |job: &BTreeMap<String, String>| {
        let runner = JobRunner::new();
        assert_success(&runner.step(workflow.step("kernel", "test"), job));
        let run = runner.run();
        assert_eq!(run.rows[0].spec, job["kernel"]);
        runner.hand_over(&last.path().join("runs").join(&job["kernel"]));
        run
    };
    let mut parts = Vec::new();
    side_by_side(JOBS, &matrix.include, job, |run| parts.push(run));

    let merge = workflow.step("report", "merge");
    assert_success(&last.step(merge, &BTreeMap::new()));
    let said = fs::read_to_string(last.path().join("said")).unwrap_or_default();
    assert!(
        last.path().join("target/strata/report/index.html").exists(),
        "{said}"
    );
    // The merge fails without the first job.
    fs::remove_dir_all(last.path().join("runs").join(KERNELS[0])).unwrap();
    assert_eq!(last.step(merge, &BTreeMap::new()).status.code(), Some(3));
    let summary = fs::read_to_string(last.path().join("summary")).unwrap();
    assert_eq!(summary.matches("MISSING").count(), 1, "{summary}");
    assert!(summary.contains("MISSING shards: 1/3"), "{summary}");
    parts
}

fn two_machines() -> Vec<PastRun> {
    let machine = |shard: &&str| {
        let runner = JobRunner::new();
        assert_success(&runner.test_kernels(&[&["--shard", shard], &KERNELS[..]].concat()));
        runner.run()
    };
    ["1/2", "2/2"].iter().map(machine).collect()
}

#[test]
fn shards_together_find_what_a_whole_run_finds() {
    let whole = JobRunner::new();
    assert_success(&whole.test_kernels(&KERNELS));
    let whole = whole.run();
    assert_whole(&night(), &whole);
    assert_whole(&two_machines(), &whole);
}

#[test]
fn a_shard_without_kernels_says_so() {
    let runner = JobRunner::new();
    let output = runner.test_kernels(&["6.1", "--shard", "2/2"]);
    assert_success(&output);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("2/2 has none of the kernels"), "{stderr}");
    let run = runner.run();
    assert!(run.finished.is_some() && run.rows.is_empty());
    // By itself it is no proof of anything.
    let missing = missing_shards([&run.header]);
    assert_eq!(missing, ["1/2".parse().unwrap()]);
}
