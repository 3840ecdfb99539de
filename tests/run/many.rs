//! Many programs, eight at a time, with random sizes of input and output, ends and readers.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use strata_tests::{cc, processes_in};
use tempfile::tempdir;

use super::Run;
use super::beside::machines_of;
use super::shared_memory::{hash, words};
use super::standing::Up;

/// How many at a time.
const AT_A_TIME: usize = 8;
/// Memory of a machine, in MiB, and what QEMU may take beside that: it keeps translated code.
const MEMORY: u64 = 512;
const OF_QEMU: u64 = 1200;
/// What the process that keeps machines may take, in MiB: less than the output of a program.
const OF_KEEPER: u64 = 48;
/// The same, where it follows all at once: each has rings, and output that waits for a reader.
const OF_KEEPER_OF_ALL: u64 = 160;
/// What is held of output whose reader is gone, at most, in bytes.
const HELD: usize = 4 << 20;

#[test]
fn many_programs_arrive_whole() {
    in_one_that_stays(&["--jobs", "1"], 40, 4 << 20);
}

#[test]
fn many_programs_beside_each_other_arrive_whole() {
    in_one_that_stays(&["--at-a-time", "8"], 40, 4 << 20);
}

#[test]
fn a_thousand_programs_arrive_whole() {
    in_one_that_stays(&["--jobs", "1"], 1000, 64 << 20);
}

#[test]
fn a_thousand_programs_beside_each_other_arrive_whole() {
    in_one_that_stays(&["--at-a-time", "8"], 1000, 64 << 20);
}

#[test]
fn many_programs_arrive_whole_from_restored_machines() {
    with_carry(|carry| {
        many(10, 4 << 20, carry, &|words| {
            let run = Run::new(words);
            (run.command, run.place)
        });
    });
}

#[test]
fn two_hundred_programs_arrive_whole_from_restored_machines() {
    with_carry(|carry| {
        many(200, 64 << 20, carry, &|words| {
            let run = Run::new(words);
            (run.command, run.place)
        });
    });
}

fn with_carry(test: impl Fn(&str)) {
    let dir = tempdir().unwrap();
    let program = dir.path().join("carry");
    cc("carry.c", &program, &["-static", "-O2"]).unwrap();
    test(program.to_str().unwrap());
}

/// Memory of host and guest stays bounded.
fn in_one_that_stays(options: &[&str], number: u64, longest: u64) {
    let memory = MEMORY.to_string();
    let up = Up::new(&[options, &["--memory", &memory]].concat());
    assert_eq!(up.says("echo up"), "up\n");
    let machines = machines_of(&up);
    assert_eq!(machines.len(), 1);
    // To look for the configuration of a kernel by path takes memory once: from here on counts
    // (proc_pid_clear_refs(5)).
    let keeper = up.keeper().as_raw().cast_unsigned();
    fs::write(format!("/proc/{keeper}/clear_refs"), "5").unwrap();
    with_carry(|carry| many(number, longest, carry, &|words| (up.run(words), ())));
    // A reader that goes costs a machine that takes one at a time.
    let are_beside = options[0] == "--at-a-time";
    if are_beside {
        assert_eq!(machines_of(&up), machines);
    }
    let free = up.says("while read -r name number unit; do [ $name = MemFree: ] && echo $number; done < /proc/meminfo; exit 0");
    let free: u64 = free.trim().parse().unwrap();
    assert!(free / 1024 > MEMORY / 2, "the guest has {free} KiB");
    for process in processes_in(up.place()) {
        let most = match (process == keeper, are_beside) {
            (true, false) => OF_KEEPER,
            (true, true) => OF_KEEPER_OF_ALL,
            (false, _) => MEMORY + OF_QEMU,
        };
        let took = most_memory(process);
        eprintln!("process {process}: {took} MiB");
        assert!(took < most, "process {process} took {took} MiB");
    }
}

/// The most memory that a process has had, in MiB (proc(5)).
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mut lines = status.lines();
    let most = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most = most.trim().trim_end_matches(" kB");
    most.parse::<u64>().unwrap() / 1024
}

/// Any numbers will do, if each program has its own (splitmix64).
fn drawn(seed: u64, salt: u64) -> u64 {
    let mut z = (seed * 16 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn many<T>(
    number: u64,
    longest: u64,
    carry: &str,
    command: &(impl Fn(&[&str]) -> (Command, T) + Sync),
) {
    let next = AtomicU64::new(0);
    scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= number {
                        return;
                    }
                    // Most are small.
                    let length = (drawn(seed, 1) % longest) >> (drawn(seed, 2) % 12);
                    let (end, status) = match drawn(seed, 3) % 4 {
                        0 => ("exit 0", 0),
                        1 => ("exit 7", 7),
                        2 => ("kill -SEGV $$", 139),
                        _ => ("kill -9 $$", 137),
                    };
                    let length = usize::try_from(length).unwrap();
                    let direction = if drawn(seed, 4).is_multiple_of(3) {
                        "in"
                    } else {
                        "out"
                    };
                    let script = format!("{carry} {direction} {length}; {end}");
                    let (mut command, held) =
                        command(&["--file", carry, "--", "sh", "-c", &script]);
                    match direction {
                        "in" => goes_in(&mut command, length, status, &script),
                        _ => comes_out(&mut command, seed, length, status, &script),
                    }
                    drop(held);
                }
            });
        }
    });
}

fn goes_in(command: &mut Command, length: usize, status: i32, script: &str) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), words(length));
    let bytes = &bytes[..length];
    let output = scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes).unwrap());
        child.wait_with_output().unwrap()
    });
    assert_eq!(output.status.code(), Some(status), "{script}: {output:?}");
    let expected = format!("ready\n{length} bytes, hash {:016x}\n", hash(bytes));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        expected,
        "{script}"
    );
}

/// Some readers pause, and some are gone half-way.
fn comes_out(command: &mut Command, seed: u64, length: usize, status: i32, script: &str) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut bytes = vec![0; length / 2];
    stdout.read_exact(&mut bytes).unwrap();
    if drawn(seed, 5).is_multiple_of(8) {
        sleep(Duration::from_millis(drawn(seed, 6) % 500));
    }
    let is_gone = drawn(seed, 7).is_multiple_of(8) && length / 2 > HELD;
    if is_gone {
        drop(stdout);
    } else {
        stdout.read_to_end(&mut bytes).unwrap();
    }
    let status = if is_gone { 141 } else { status };
    assert_eq!(child.wait().unwrap().code(), Some(status), "{script}");
    let expected = words(length);
    let heard = if is_gone { length / 2 } else { length };
    assert!(
        bytes == expected[..heard],
        "{script}: {} bytes",
        bytes.len()
    );
}
