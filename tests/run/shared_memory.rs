//! A program's streams travel by shared memory: fast, whole, and whatever a program
//! writes there.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use strata_tests::cc;
use tempfile::{TempDir, tempdir};

use super::{Run, WAYS, assert_nothing_left, assert_status, forged, random, text};

/// 100 MB, in parts of the program.
const MUCH: usize = 1600 * PART;
const PART: usize = 64 << 10;
/// What the serial console carries at most, times ten, in bytes a second: a host may be
/// busy, but anything slower went another way.
const SLOWEST: f64 = 3e6;

fn program(name: &str) -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let program = dir.path().join(name);
    cc(&format!("{name}.c"), &program, &["-static", "-O2"]).unwrap();
    (dir, program)
}

fn start(run: &mut Run) -> Child {
    run.command.stdin(Stdio::piped()).stdout(Stdio::piped());
    run.command.spawn().unwrap()
}

/// What `carry out` writes.
pub(super) fn words(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend(next().to_le_bytes());
    }
    bytes
}

/// What `carry in` tells of what it has read.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8);
    let words = words.map(|word| u64::from_le_bytes(word.try_into().unwrap()));
    words.fold(0, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
}

fn assert_fast(direction: &str, length: usize, since: Instant) {
    let rate = length as f64 / since.elapsed().as_secs_f64();
    eprintln!("{direction}: {:.1} MB/s", rate / 1e6);
    assert!(rate > SLOWEST, "{direction}: {:.2} MB/s", rate / 1e6);
}

#[test]
fn much_output_arrives_whole_and_fast() {
    let (_dir, program) = program("carry");
    let length = MUCH.to_string();
    let mut run = Run::new(&["--", program.to_str().unwrap(), "out", &length]);
    let mut child = start(&mut run);
    let mut stdout = child.stdout.take().unwrap();
    let mut heard = vec![0; PART];
    stdout.read_exact(&mut heard).unwrap();
    let since = Instant::now();
    stdout.read_to_end(&mut heard).unwrap();
    assert_fast("out", MUCH - PART, since);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(heard == words(MUCH), "{} bytes, not the same", heard.len());
    assert_nothing_left(run.place.path());
}

#[test]
fn much_input_arrives_whole_and_fast() {
    let (_dir, program) = program("carry");
    let mut run = Run::new(&["--", program.to_str().unwrap(), "in"]);
    let mut child = start(&mut run);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let bytes = words(MUCH);
    let since = Instant::now();
    stdin.write_all(&bytes).unwrap();
    drop(stdin);
    line.clear();
    stdout.read_line(&mut line).unwrap();
    assert_fast("in", MUCH, since);
    assert_eq!(line, format!("{MUCH} bytes, hash {:016x}\n", hash(&bytes)));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_nothing_left(run.place.path());
}

/// Both ways at once, in uneven parts, with a reader that pauses for longer than all
/// buffers last, and than the guest may be silent to itself.
#[test]
fn a_reader_that_pauses_loses_nothing_of_what_goes_in_and_out() {
    let mut run = Run::new(&[
        "--file",
        "/bin/cat",
        "--",
        "sh",
        "-c",
        "echo ready; exec cat",
    ]);
    let mut child = start(&mut run);
    let mut stdout = child.stdout.take().unwrap();
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).unwrap();
    let bytes = random(12 << 20);
    let mut stdin = child.stdin.take().unwrap();
    let sent = bytes.clone();
    let writer = spawn(move || {
        for part in sent.chunks(99_991) {
            stdin.write_all(part).unwrap();
        }
    });
    let mut heard = vec![0; 1 << 20];
    stdout.read_exact(&mut heard).unwrap();
    sleep(Duration::from_secs(12));
    stdout.read_to_end(&mut heard).unwrap();
    writer.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(heard == bytes, "{} bytes, not the same", heard.len());
    assert_nothing_left(run.place.path());
}

/// It is root, so it can; what it can do is to end its own run. The forged bytes are
/// records that end a run well.
#[test]
fn a_program_that_writes_to_the_memory_or_removes_it_is_found_out() {
    let (dir, program) = program("scribble");
    let forged_end = dir.path().join("forged");
    fs::write(&forged_end, forged::forged()).unwrap();
    let file = format!("{}:/forged", forged_end.display());
    let program = program.to_str().unwrap();
    for (what, writes, must) in [
        ("counters", 4 << 20, true),
        ("backwards", 8 << 20, false),
        ("forged", 0, true),
        ("full", 18 * PART, false),
        ("bytes", 4 << 20, false),
        ("random", 0, true),
        ("remove", 8 << 20, false),
        ("unmap", 8 << 20, true),
    ] {
        let output = Run::new(&["--file", &file, "--", program, what]).output();
        let stderr = text(&output.stderr);
        if must || output.status.code() != Some(0) {
            assert_status(&output, 125);
            let named = stderr.contains("garbled") && stderr.contains("shared memory");
            assert!(named, "{what}: {stderr}");
        } else {
            assert!(output.stdout == vec![b'w'; writes], "{what}: other bytes");
        }
    }
}

/// A machine without PCI has no such memory.
#[test]
fn without_pci_the_console_carries_the_streams() {
    let script = "ls /sys/bus/pci/devices | wc -l; echo err >&2; cat; exit 7";
    let options = ["--file", "/bin/cat", "--file", "/bin/ls"];
    let run = Run::new(WAYS[1]).with(&options);
    let run = run.with(&["--file", "/usr/bin/wc", "--", "sh", "-c", script]);
    let Run { mut command, place } = run;
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "0\n");
    let bytes = random(10_000);
    stdin.write_all(&bytes).unwrap();
    drop(stdin);
    let mut heard = Vec::new();
    stdout.read_to_end(&mut heard).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_status(&output, 7);
    assert!(heard == bytes);
    assert_eq!(text(&output.stderr), "err\n");
    assert_nothing_left(place.path());
}
