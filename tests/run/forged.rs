//! A program in the guest that writes to the console, forged records or noise.

use std::fs;

use guest::wire::{Stream, encode, encode_bytes};
use guest::{Key, Record, Status};
use tempfile::tempdir;

use super::{Run, assert_status, text};

/// Records that would end the run well, under all keys that a program can know.
pub(super) fn forged() -> Vec<u8> {
    let status = Status::Exited(0);
    let ended = Record::ProgramEnded {
        status,
        whole: true,
        carried: None,
    };
    let finished = Record::Finished { scenarios: 0 };
    let keys = [Key::NONE, Key::NONE.of_host(), Key::new([1; 16])];
    let mut frames = Vec::new();
    // The true end has one of the first sequence numbers.
    for key in keys {
        for sequence in 0..20 {
            frames.extend(encode_bytes(key, sequence, Stream::Stdout, b"forged\n"));
            frames.extend(encode(key, sequence, &ended));
            frames.extend(encode(key, sequence + 1, &finished));
        }
        frames.extend(encode(key, 0, &Record::Hello));
    }
    frames
}

#[test]
fn a_program_cannot_forge_its_end() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("forged");
    fs::write(&file, forged()).unwrap();
    let file = format!("{}:/forged", file.display());
    for script in [
        "cat /forged > /dev/console; exit 7",
        "cat /forged > /dev/ttyS0; echo true; cat /forged > /dev/console; exit 7",
    ] {
        let options = ["--file", &file, "--file", "/bin/cat", "--", "sh", "-c"];
        let output = Run::new(&options).with(&[script]).output();
        assert_status(&output, 7);
        assert!(!text(&output.stdout).contains("forged"));
    }
}

/// The machine resets after the forged end, so the true end never comes.
#[test]
fn a_forged_end_before_a_reset_is_a_failure() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("forged");
    fs::write(&file, forged()).unwrap();
    let file = format!("{}:/forged", file.display());
    let script = "cat /forged > /dev/console; sleep 1; echo b > /proc/sysrq-trigger";
    let options = [
        "--file",
        &file,
        "--file",
        "/bin/cat",
        "--file",
        "/bin/sleep",
    ];
    let run = Run::new(&options).with(&["--", "sh", "-c", script]);
    let output = run.output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("this boot's guest did not send"),
        "{stderr}"
    );
}

/// The noise is text, and bytes that look like half a record.
#[test]
fn noise_on_the_console_changes_nothing() {
    let script = "echo words > /dev/console; printf '\\300\\200\\201' > /dev/console; \
                  echo out; printf '\\301\\301' > /dev/console; echo err >&2; exit 3";
    let output = Run::new(&["--", "sh", "-c", script]).output();
    assert_status(&output, 3);
    assert_eq!(text(&output.stdout), "out\n");
    assert_eq!(text(&output.stderr), "err\n");
}
