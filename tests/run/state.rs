//! A program inherits the same as from a plain parent.

use std::fs::File;
use std::time::{Duration, Instant};

use harness::{Captured, ConsoleRead, Ending, Input, Machines, Program, RunDir, Runner};
use images::{Catalogue, Initramfs, Kernel, Silent, Store};
use strata_tests::{any_image, cc};
use tempfile::tempdir;

use super::{Run, assert_status, text};

/// The lines that `state.c` writes. The last one, `told`, proves that it finished.
fn lines(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let lines = text.lines().map(|line| line.trim_end_matches('\r'));
    let told: Vec<String> = lines
        .take_while(|line| *line != "told")
        .map(ToOwned::to_owned)
        .collect();
    assert!(text.contains("told"), "{text}");
    told
}

/// Signal mask and dispositions, limits, keyrings, capabilities and all else that is
/// inherited are the same as under a minimal PID 1 on the same kernel.
#[test]
fn a_program_finds_what_a_plain_init_gives_it() {
    let dir = tempdir().unwrap();
    let [state, init] = ["state", "plain_init"].map(|name| {
        let program = dir.path().join(name);
        cc(&format!("{name}.c"), &program, &["-static"]).unwrap();
        program
    });
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let mut machines = Machines::new(store, RunDir::anonymous()).unwrap();
    machines.accelerator = "tcg".parse().unwrap();
    let kernel = Kernel::File(any_image().unwrap().into());
    let bootable = machines.machine(&kernel, &Silent).unwrap();

    let initramfs = dir.path().join("initramfs");
    let files = Initramfs::new()
        .dir("/dev", 0o755)
        .char_device("/dev/console", 5, 1, 0o600)
        .file("/init", init, 0o755)
        .file("/state", state.clone(), 0o755);
    files.write_to(&initramfs).unwrap();
    let mut machine = bootable.machine.clone();
    machine.initramfs = initramfs;
    let log = File::create(dir.path().join("log")).unwrap();
    let mut running = machine.start(log).unwrap();
    let deadline = Some(Instant::now() + Duration::from_secs(120));
    let (mut plain, mut buffer) = (Vec::new(), [0; 4096]);
    while let ConsoleRead::Bytes(length) = running.console.read(&mut buffer, deadline, &[]).unwrap()
    {
        plain.extend(&buffer[..length]);
    }

    let program = Program::new(state).pack().unwrap();
    let runner = Runner {
        memory_mib: Some(machine.memory_mib),
        ..Runner::default()
    };
    let mut ours = Captured::default();
    let ran = runner.run(&bootable, &program, Input::Null, &mut ours);
    let ending = ran.unwrap().ending;
    assert!(matches!(ending, Ending::Ended(status) if status.success()));
    // A program has a mount namespace with a root of its own, and control groups are
    // mounted.
    let differs = |line: &String| {
        line.starts_with("/proc/self/ns/mnt: ") || line.starts_with("/proc/self/cgroup: ")
    };
    let [plain, ours] = [&plain, &ours.stdout].map(|output| {
        let mut lines = lines(output);
        lines.retain(|line| !differs(line));
        lines
    });
    assert!(plain.len() > 60, "{plain:#?}");
    assert_eq!(ours, plain);
    for line in ["leads its session: 0", "terminal: 0", "child of PID: 1"] {
        assert!(
            ours.iter().any(|found| found == line),
            "{line} in {ours:#?}"
        );
    }
}

#[test]
fn a_pseudo_terminal_does_not_become_the_controlling_one() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("terminal");
    cc("terminal.c", &program, &["-static"]).unwrap();
    let output = Run::new(&["--", program.to_str().unwrap()]).output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "alive\n");
}
