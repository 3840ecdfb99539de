//! A machine that waits is saved, and restored by later runs.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::{TempDir, tempdir};

use super::{Run, Tap, assert_status, random, text};

/// Runs that share what they remember with one another, and with nothing else.
struct Memory(TempDir);

impl Memory {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn run(&self, options: &[&str], script: &str) -> Output {
        let run = Run::new(&["--accel", "tcg"]).with(options);
        let run = run.with(&["--file", "/bin/date", "--file", "/bin/cat", "--"]);
        let run = run.with(&["sh", "-c", script]);
        run.tap(|command| command.env("STRATA_RUNS", self.0.path()))
            .output()
    }

    fn says(&self, script: &str) -> String {
        let output = self.run(&[], script);
        assert_status(&output, 0);
        text(&output.stdout).to_owned()
    }

    fn states(&self) -> Vec<PathBuf> {
        let states = fs::read_dir(self.0.path().join("machines"));
        let states = states.into_iter().flatten();
        states.map(|state| state.unwrap().path()).collect()
    }

    fn state(&self) -> PathBuf {
        let [state] = &self.states()[..] else {
            panic!("{:?}", self.states());
        };
        state.clone()
    }
}

#[test]
fn a_restored_machine_has_the_time_and_chances_of_its_own() {
    let memory = Memory::new();
    let mut seen = HashSet::new();
    let mut inodes = HashSet::new();
    for _ in 0..3 {
        let said = memory.says("date +%s; cat /proc/sys/kernel/random/uuid");
        let (time, uuid) = said.trim().split_once('\n').unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let late = now.as_secs() - time.parse::<u64>().unwrap();
        assert!(late < 10, "{late} s");
        assert!(seen.insert(uuid.to_owned()), "{uuid} twice");
        inodes.insert(fs::metadata(memory.state()).unwrap().ino());
    }
    // The first saved it, the others used it.
    assert_eq!(inodes.len(), 1);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(memory.state()), 0o600);
    assert_eq!(mode(memory.0.path().join("machines")), 0o700);
    let length = fs::metadata(memory.state()).unwrap().len();
    assert!(length < 100_000_000, "{length} bytes");
}

/// Whatever its file holds, a run gives the right answer and a state that is whole.
#[test]
fn a_damaged_state_is_replaced() {
    let memory = Memory::new();
    memory.says("exit");
    let whole = fs::read(memory.state()).unwrap();
    let with_checksum = |state: &[u8]| {
        let checksum = crc32fast::hash(state);
        [state, &checksum.to_le_bytes()].concat()
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    // QEMU finds that it makes no sense, or that it ends too early.
    let damaged = [
        flipped,
        whole[..whole.len() / 2].to_vec(),
        b"x".to_vec(),
        with_checksum(&random(100_000)),
        with_checksum(&whole[..whole.len() / 2]),
    ];
    for bytes in damaged {
        let path = memory.state();
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        assert_eq!(memory.says("echo right"), "right\n");
        let after = fs::metadata(memory.state()).unwrap();
        assert_ne!((after.ino(), after.len()), (before, bytes.len() as u64));
        assert!(after.len() > 1_000_000, "{} bytes", after.len());
    }
}

#[test]
fn other_machines_have_other_states() {
    let memory = Memory::new();
    let mut seen = HashSet::new();
    for (number, options) in [
        &[][..],
        &["--cpus", "2"],
        &["--memory", "300"],
        &["--append", "loglevel=3"],
    ]
    .into_iter()
    .enumerate()
    {
        let [saved, restored] = [(); 2].map(|()| {
            let files = "/proc/cmdline /sys/devices/system/cpu/online /proc/iomem";
            let output = memory.run(options, &format!("cat {files}"));
            assert_status(&output, 0);
            assert_eq!(memory.states().len(), number + 1);
            text(&output.stdout).to_owned()
        });
        assert_eq!(restored, saved);
        assert!(seen.insert(saved), "{options:?}");
    }
}

#[test]
fn a_fresh_machine_is_neither_saved_nor_restored() {
    let memory = Memory::new();
    for _ in 0..2 {
        let output = memory.run(&["--fresh"], "echo right");
        assert_eq!(text(&output.stdout), "right\n");
    }
    assert_eq!(memory.states(), Vec::<PathBuf>::new());
}

/// Without PCI there is no shared memory. The program travels in the initramfs, and its
/// streams on the serial console.
#[test]
fn a_machine_that_cannot_be_saved_runs_all_the_same() {
    let memory = Memory::new();
    for _ in 0..2 {
        let output = memory.run(&["--append", "pci=off"], "echo right");
        assert_status(&output, 0);
        assert_eq!(text(&output.stdout), "right\n");
        assert_eq!(fs::metadata(memory.state()).unwrap().len(), 0);
    }
}

/// Root can write where others cannot, so a file stands in the way.
#[test]
fn a_state_that_cannot_be_kept_is_no_error() {
    let memory = Memory::new();
    fs::write(memory.0.path().join("machines"), "no directory").unwrap();
    for _ in 0..2 {
        assert_eq!(memory.says("echo right"), "right\n");
    }
}
