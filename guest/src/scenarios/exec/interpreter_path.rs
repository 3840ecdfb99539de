use std::ffi::CString;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::execv;

use crate::scenarios::shared::*;

/// A store of packages has long paths, and its scripts have long first lines.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "execve(2) of a script whose first line, #!, names an interpreter by 120, 200 and 300 bytes",
    probe,
    &[
        Claim::since(3, 2)
            .shows("of_120=found of_200=refused of_300=refused")
            .because("the kernel reads the first 128 bytes of a file, and #! is two of them"),
        Claim::since(5, 1)
            .shows("of_120=found of_200=found of_300=refused")
            .because("it reads the first 256 bytes")
            .commit("6eb3c3d0a52d", "exec: increase BINPRM_BUF_SIZE to 256")
            .links(&["https://github.com/sp1ritCS/gtk-android-builder/issues/18"]),
    ],
)
.vendors(&[VendorClaim::of("el8")
    .since(147)
    .shows("of_200=found")
    .because("the 256 bytes of 5.1 are read, in what calls itself 4.18")
    .source("https://github.com/cai-fuqiang/linux-4.18.0-147")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    for length in [120, 200, 300] {
        let script = script_of(scratch, length)?;
        // The interpreter is found by its error: it may be executed by no user. A path that
        // is cut short leads to no file (ENOENT), and is no program (ENOEXEC) to kernels
        // that look at its length.
        let found = match execv(&script, &[&script]) {
            Err(Errno::EACCES) => "found",
            Err(Errno::ENOENT | Errno::ENOEXEC) => "refused",
            Err(other) => return Err(other.into()),
        };
        facts.saw(format!("of_{length}"), found);
    }
    Ok(())
}

/// Makes a script whose interpreter, a file that is there, has a path of `length` bytes.
fn script_of(scratch: &Path, length: usize) -> Result<CString, ProbeError> {
    // Wherever a path is cut short, it ends inside the name of the directory or the file.
    let directory = scratch.join("d".repeat(length / 2));
    fs::create_dir(&directory)?;
    let rest = length - directory.as_os_str().len() - 1;
    let interpreter = directory.join("i".repeat(rest));
    File::create(&interpreter)?.set_permissions(fs::Permissions::from_mode(0o644))?;
    let script = format!("{}/script_{length}", scratch.display());
    fs::write(&script, format!("#!{}\n", interpreter.display()))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    CString::new(script).map_err(|_| ProbeError::Failed("a path has a zero".to_owned()))
}
