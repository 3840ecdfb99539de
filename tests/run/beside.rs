//! Programs that run beside each other on one machine, which `up --at-a-time` keeps up.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{scope, sleep};
use std::time::Duration;

use strata_tests::{cc, processes_in};
use tempfile::tempdir;

use super::shared_memory::words;
use super::standing::Up;
use super::{assert_status, text};

/// The processes of QEMU that belong to machines.
pub(super) fn machines_of(up: &Up) -> Vec<u32> {
    let is_machine = |process: &u32| {
        let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        words.windows(9).any(|part| part == b"-nodefaul")
    };
    let processes = processes_in(up.place()).into_iter();
    let mut machines: Vec<u32> = processes.filter(is_machine).collect();
    machines.sort_unstable();
    machines
}

fn started(up: &Up, options: &[&str], script: &str) -> Child {
    let mut command = up.run(&[options, &["--", "sh", "-c", script]].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Starts a program, and waits for its first line.
fn begun(up: &Up, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = started(up, &[], script);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    (child, stdout)
}

fn ended(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

#[test]
fn programs_run_beside_each_other_on_one_machine() {
    let up = Up::new(&["--at-a-time", "4"]);
    let machines = machines_of(&up);
    assert_eq!(machines.len(), 1);
    let script = "read -r from idle < /proc/uptime; read -r boot < /proc/sys/kernel/random/boot_id; \
                  sleep 3; read -r to idle < /proc/uptime; echo $boot $from $to";
    let children: Vec<Child> = (0..4).map(|_| started(&up, &[], script)).collect();
    let outputs: Vec<Output> = children.into_iter().map(ended).collect();
    let mut boots = Vec::new();
    let (mut last_from, mut first_to) = (0.0_f64, f64::MAX);
    for output in &outputs {
        assert_status(output, 0);
        assert_eq!(text(&output.stderr), "");
        let said: Vec<&str> = text(&output.stdout).split_whitespace().collect();
        boots.push(said[0]);
        last_from = last_from.max(said[1].parse().unwrap());
        first_to = first_to.min(said[2].parse().unwrap());
    }
    assert!(boots.iter().all(|boot| *boot == boots[0]), "{boots:?}");
    assert!(last_from < first_to, "{last_from} {first_to}");
    assert_eq!(machines_of(&up), machines);
}

#[test]
fn programs_beside_each_other_do_not_see_each_other() {
    let up = Up::new(&["--at-a-time", "2"]);
    let leaves = "echo other > /proc/sys/kernel/hostname; echo x > /left; echo x > /tmp/left; \
                  sleep 1000 & echo begun; read -r line; exit 7";
    let mut command = up.run(&["--", "sh", "-c", leaves]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = [0; 6];
    child.stdout.take().unwrap().read_exact(&mut line).unwrap();
    let looks = "for file in /left /tmp/left; do [ -e $file ] && echo $file; done; \
                 cat /proc/sys/kernel/hostname; \
                 for p in /proc/[0-9]*/cmdline; do cat $p; done; cat < /dev/tcp 2>/dev/null; \
                 [ -e /dev/pts/ptmx ] && echo pts; [ -e /sys/class/net/lo ] && echo lo";
    let found = up.says(&format!("{looks}; exit 0"));
    assert!(found.starts_with("strata\n"), "{found}");
    assert!(!found.contains("sleep"), "{found}");
    assert!(found.ends_with("pts\nlo\n"), "{found}");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

/// Each program that had not ended runs again, alone; the one that kills the machine again is
/// named for it. What a reader has had is not taken back: such a program is told of.
#[test]
fn a_machine_that_dies_is_the_fault_of_the_program_that_kills_it_alone() {
    let up = Up::new(&["--at-a-time", "4"]);
    let silent = started(&up, &[], "sleep 8; echo right; exit 3");
    let (mut talks, mut stdout) = begun(&up, "echo begun; sleep 100");
    let dies = "echo c > /proc/sysrq-trigger; sleep 100";
    let output = ended(started(&up, &[], dies));
    assert_status(&output, 125);
    let said = text(&output.stderr);
    assert!(
        said.contains("panicked") && said.contains("beside others"),
        "{said}"
    );

    stdout.read_to_end(&mut Vec::new()).unwrap();
    let mut said = String::new();
    let mut stderr = talks.stderr.take().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(talks.wait().unwrap().code(), Some(125), "{said}");
    assert!(
        said.contains("run it again") && !said.contains("error: own: the kernel"),
        "{said}"
    );

    let output = ended(silent);
    assert_status(&output, 3);
    assert_eq!(text(&output.stdout), "right\n");
    assert!(text(&output.stderr).contains("beside others"), "{output:?}");
    assert_eq!(up.says("echo right"), "right\n");
}

#[test]
fn a_time_limit_or_a_client_that_is_killed_ends_one_program_only() {
    let up = Up::new(&["--at-a-time", "3"]);
    let machines = machines_of(&up);
    let stays = started(&up, &[], "sleep 8; echo right; exit 3");
    let output = ended(started(&up, &["--timeout", "1"], "sleep 100"));
    assert_status(&output, 125);
    assert!(
        text(&output.stderr).contains("not done after 1 s"),
        "{output:?}"
    );
    let (mut killed, stdout) = begun(&up, "echo begun; while true; do :; done");
    killed.kill().unwrap();
    killed.wait().unwrap();
    drop(stdout);
    // There is a lane for each of these, which the killed ones have left.
    for _ in 0..3 {
        assert_eq!(up.says("echo right"), "right\n");
    }
    let output = ended(stays);
    assert_status(&output, 3);
    assert_eq!(text(&output.stdout), "right\n");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(machines_of(&up), machines);
}

#[test]
fn a_machine_that_a_program_has_changed_takes_no_more() {
    let up = Up::new(&["--at-a-time", "2", "--memory", "256"]);
    let stays = started(&up, &[], "sleep 8; echo right");
    let mut command = up.run(&["--", "sh", "-c", "echo 11 > /proc/sys/vm/swappiness"]);
    assert_status(&command.output().unwrap(), 0);
    // The machine tells it a moment after the program has ended.
    sleep(Duration::from_secs(1));
    let found = up.says("cat /proc/sys/vm/swappiness");
    assert_eq!(found, "60\n");
    let output = ended(stays);
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "right\n");
}

/// What is not for a lane runs all the same, on a machine of its own, and it is said.
#[test]
fn a_program_that_asks_for_more_has_a_machine_for_itself() {
    let up = Up::new(&["--at-a-time", "2"]);
    let mut command = up.run(&["--needs", "root", "--", "sh", "-c", "exit 3"]);
    let output = command.output().unwrap();
    assert_status(&output, 3);
    let said = text(&output.stderr);
    assert!(
        said.contains("a program with needs has a machine for itself"),
        "{said}"
    );
}

#[test]
fn a_kernel_without_namespaces_takes_one_program_at_a_time() {
    let up = Up::nowhere();
    let options = [
        "--at-a-time",
        "2",
        "--append",
        "sysctl.user.max_net_namespaces=0",
    ];
    let output = up.bring_up(&options);
    assert_status(&output, 0);
    let said = text(&output.stderr);
    let words = "own: a machine takes one program at a time: the kernel makes no namespaces";
    assert!(said.contains(words), "{said}");
    scope(|scope| {
        let run = |number: usize| {
            let up = &up;
            scope.spawn(move || {
                assert_eq!(up.says(&format!("echo {number}")), format!("{number}\n"))
            })
        };
        (0..3).for_each(|number| drop(run(number)));
    });
}

/// It is root, so it can write to the memory of all lanes. Wrong bytes are never taken for
/// right ones.
#[test]
fn what_a_program_does_to_the_memory_of_others_is_found_out() {
    const LENGTH: usize = 32 << 20;
    let dir = tempdir().unwrap();
    let [carry, scribble] = ["carry", "scribble"].map(|name| {
        let path = dir.path().join(name);
        cc(&format!("{name}.c"), &path, &["-static", "-O2"]).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let up = Up::new(&["--at-a-time", "2"]);
    for what in ["counters", "bytes", "random"] {
        let length = LENGTH.to_string();
        let mut command = up.run(&["--", &carry, "out", &length]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut heard = vec![0; 1 << 20];
        stdout.read_exact(&mut heard).unwrap();
        let mut command: Command = up.run(&["--timeout", "5", "--", &scribble, what]);
        let scribbles = scope(|scope| {
            let scribbles = scope.spawn(|| command.output().unwrap());
            // Until then, the first program waits for its reader.
            sleep(Duration::from_secs(3));
            stdout.read_to_end(&mut heard).unwrap();
            scribbles.join().unwrap()
        });
        let output = ended(child);
        eprintln!(
            "{what}: {:?}, {:?}",
            output.status.code(),
            scribbles.status.code()
        );
        // It was the first, so the counters are its own.
        if what != "counters" && output.status.code() == Some(0) {
            assert!(heard == words(LENGTH), "{what}: other bytes");
        } else {
            assert_status(&output, 125);
            assert!(text(&output.stderr).contains("run it again"), "{output:?}");
        }
        assert_eq!(up.says("echo right"), "right\n");
    }
}
