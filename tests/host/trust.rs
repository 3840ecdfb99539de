//! A QEMU that replays another boot, or boots another kernel.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use strata_tests::{any_image, xtask};
use tempfile::tempdir;

use super::{Fake, assert_says, stderr, stdout, test_kernels};

fn run_true(fake: Option<&Fake>, kernel: &std::path::Path) -> Output {
    let mut command = xtask();
    command.args(["run", "--accel", "tcg", "--kernel"]);
    command.arg(kernel).args(["--", "true"]);
    output(command, fake)
}

fn output(mut command: Command, fake: Option<&Fake>) -> Output {
    if let Some(fake) = fake {
        fake.before(&mut command);
    }
    command.output().unwrap()
}

/// The replayed console is from a boot that passed.
pub(crate) fn a_replayed_console_is_not_believed() {
    let image = any_image().unwrap();
    let dir = tempdir().unwrap();
    let other = dir.path().join("other");
    symlink(&image, &other).unwrap();
    let saved = dir.path().join("saved");
    // QEMU's own copy: its stdout does not block, for which tee is not made.
    let save = Fake::new(&format!(
        "for word; do\nshift\ncase $word in stdio,id=console*) word=$word,logfile={};; esac\n\
         set -- \"$@\" \"$word\"\ndone\nexec $qemu \"$@\"",
        saved.display()
    ));
    let replay = Fake::new(&format!("cat {}; sleep 1", saved.display()));

    let well = output(test_kernels(&[&image]), Some(&save));
    assert_eq!(well.status.code(), Some(0), "{}", stderr(&well));
    for kernel in [&image, &other] {
        let output = output(test_kernels(&[kernel]), Some(&replay));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let words = ["GARBLED", "a record that this boot's guest did not send"];
        assert_says(&stdout(&output), &words);
    }

    let well = run_true(Some(&save), &image);
    assert_eq!(well.status.code(), Some(0), "{}", stderr(&well));
    let output = run_true(Some(&replay), &image);
    assert_eq!(output.status.code(), Some(125));
    assert_says(&stderr(&output), &["this boot's guest did not send"]);
}

/// An image with a wrong release in its header looks the same as a QEMU that boots
/// another kernel than it was given.
pub(crate) fn a_guest_on_another_kernel_is_not_believed() {
    let mut image = fs::read(any_image().unwrap()).unwrap();
    // The place of the release (Documentation/arch/x86/boot.rst: kernel_version).
    let pointer = u16::from_le_bytes([image[0x20e], image[0x20f]]);
    let at = 0x200 + usize::from(pointer);
    assert!(image[at].is_ascii_digit());
    image[at] = if image[at] == b'9' { b'8' } else { b'9' };
    let dir = tempdir().unwrap();
    let kernel = dir.path().join("bzImage");
    fs::write(&kernel, image).unwrap();

    let output = run_true(None, &kernel);
    assert_eq!(output.status.code(), Some(125));
    assert_says(
        &stderr(&output),
        &["was given the kernel 9.", "its guest runs on"],
    );
    let output = test_kernels(&[&kernel]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_says(
        &stdout(&output),
        &["QEMU FAILED", "was given the kernel 9."],
    );
}
