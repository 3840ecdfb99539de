//! What a program finds of its kernel in /boot.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use strata_tests::{any_image, xtask};
use tempfile::tempdir;

use super::{assert_status, text};

/// The configuration beside a kernel that is named by its path, on a machine that is
/// restored and on one that boots.
#[test]
fn the_configuration_and_the_symbols_of_a_kernel_by_its_path() {
    let dir = tempdir().unwrap();
    let kernel = dir.path().join("vmlinuz-own");
    symlink(any_image().unwrap(), &kernel).unwrap();
    fs::write(dir.path().join("config-own"), "CONFIG_OWN=y\n").unwrap();
    let script = "r=$(cat /proc/sys/kernel/osrelease); cat /boot/config-$r; \
                  grep -cw _text /boot/System.map-$r";
    for options in [&[][..], &["--fresh"], &["--needs", "config=CONFIG_OWN=y"]] {
        let mut command = xtask();
        command.args(["run", "--kernel"]).arg(&kernel).args(options);
        command.args(["--file", "/bin/cat", "--file", "/bin/grep", "--"]);
        command.args(["sh", "-c", script]).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_status(&output, 0);
        assert_eq!(text(&output.stdout), "CONFIG_OWN=y\n1\n", "{options:?}");
    }
}

/// Of kernels of the catalogue, whether their configuration is in the package of the image
/// or in one of its own.
#[test]
fn the_configuration_of_a_kernel_that_needs_it() {
    let script = "cat /boot/config-$(cat /proc/sys/kernel/osrelease)";
    for kernel in ["6.1", "7.3"] {
        let mut command = xtask();
        let need = ["--needs", "config=CONFIG_OVERLAY_FS=m"];
        command.args(["run", "--kernel", kernel]).args(need);
        command.args(["--file", "/bin/cat", "--", "sh", "-c", script]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_status(&output, 0);
        let config = text(&output.stdout);
        assert!(
            config.contains("\nCONFIG_OVERLAY_FS=m\n"),
            "{kernel}: {config}"
        );
    }
}
