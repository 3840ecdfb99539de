//! Programs on kernels of arm64, emulated. Ignored where this Strata was built without the
//! guest for them.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use guest::{AARCH64, NATIVE, NativeJob, NativeRecord, scenarios};
use harness::{Verdict, guest_binary, judge};
use strata_tests::{image_of, kernel_named, run_tests, tests, xtask};
use test_archive::zboot_image;

fn main() -> ExitCode {
    let missing = guest_binary(&AARCH64).err().map(|error| error.to_string());
    let no_compiler = missing.is_none() && Command::new(CROSS_COMPILER).output().is_err();
    let no_compiler = no_compiler.then(|| format!("{CROSS_COMPILER} is not in PATH"));
    let group = (
        tests![
            a_program_chooses_the_kernel_of_its_architecture,
            a_machine_may_be_fresh_and_have_several_processors,
            a_file_system_is_mounted_on_demand,
            a_machine_has_a_network_disks_and_modules,
            a_machine_that_stays_has_them_too,
            more_disks_than_slots_are_refused,
            a_compressed_image_boots_by_its_path,
            the_kernel_that_runs_is_asked_as_on_a_host_of_arm64,
        ],
        missing.as_deref(),
    );
    let compiled = (
        tests![a_dynamic_program_takes_the_libraries_of_its_compiler],
        missing.as_deref().or(no_compiler.as_deref()),
    );
    run_tests([group, compiled])
}

/// Of Debian's package gcc-aarch64-linux-gnu, for which CI does not wait.
const CROSS_COMPILER: &str = "aarch64-linux-gnu-gcc";

/// Runs `strata` with a program for arm64 at the end of its words: the guest, which says what
/// it is and exits with 2.
fn run_guest(words: &[&str]) -> Result<Output> {
    let dir = tempfile::tempdir()?;
    Ok(xtask().args(words).arg(guest_in(dir.path())?).output()?)
}

fn guest_in(dir: &Path) -> Result<PathBuf> {
    let program = dir.join("guest");
    fs::copy(guest_binary(&AARCH64)?, &program)?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    Ok(program)
}

fn is_said_by_the_guest(output: &Output) -> Result<()> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(2),
        "{}: {stderr}",
        output.status
    );
    ensure!(stderr.contains("PID 1 of a Strata guest"), "{stderr}");
    Ok(())
}

fn a_program_chooses_the_kernel_of_its_architecture() -> Result<()> {
    // The second time, the machine may be a saved one.
    for _ in 0..2 {
        is_said_by_the_guest(&run_guest(&["run", "--kernel", "6.1", "--"])?)?;
    }
    Ok(())
}

fn a_machine_may_be_fresh_and_have_several_processors() -> Result<()> {
    let words = [
        "run",
        "--fresh",
        "--cpus",
        "2",
        "--kernel",
        "arm64/6.1",
        "--",
    ];
    is_said_by_the_guest(&run_guest(&words)?)
}

const KERNEL: &str = "arm64/6.1";

/// What a shell in a machine says, of which these are the options.
fn says(mut shell: Command, script: &str) -> Result<String> {
    let mut child = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("it was asked for")?;
    stdin.write_all(script.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shell(words: &[&str]) -> Command {
    let mut command = xtask();
    command.args(["shell", "--kernel", KERNEL]).args(words);
    command
}

/// On a machine that is restored, and one that boots.
fn a_file_system_is_mounted_on_demand() -> Result<()> {
    let script = "uname -m; cd /tmp; mkdir l u w m; \
                  mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m && touch m/x; ls u";
    for words in [&[][..], &["--fresh"]] {
        let said = says(shell(words), script)?;
        ensure!(said == "aarch64\nx\n", "{said}");
    }
    Ok(())
}

/// What a machine has with `--network --disk 16M --disk data=8M:ext4`.
fn script_of_devices(port: u16) -> String {
    format!(
        "nc 10.0.2.2 {port} < /dev/null; ls /dev/disk/by-name; mkdir /tmp/m; \
         mount -t ext4 /dev/disk/by-name/data /tmp/m && ls /tmp/m; umount /tmp/m; rmdir /tmp/m; \
         cat /sys/block/$(basename $(readlink /dev/disk/by-name/disk1))/size"
    )
}
const DEVICES: [&str; 5] = ["--network", "--disk", "16M", "--disk", "data=8M:ext4"];
const SAID_OF_DEVICES: &str = "from the host\ndata\ndisk1\nlost+found\n32768\n";

/// A server on this host, which greets; its port.
fn greeter() -> Result<u16> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let port = server.local_addr()?.port();
    std::thread::spawn(move || {
        for client in server.incoming().flatten() {
            let _ = (&client).write_all(b"from the host\n");
        }
    });
    Ok(port)
}

fn a_machine_has_a_network_disks_and_modules() -> Result<()> {
    let script = script_of_devices(greeter()?) + "; cat /sys/module/loop/parameters/max_loop";
    for fresh in [&[][..], &["--fresh"]] {
        let words = [&DEVICES[..], &["--module", "loop=max_loop=3"], fresh].concat();
        let said = says(shell(&words), &script)?;
        ensure!(said == format!("{SAID_OF_DEVICES}3\n"), "{said}");
    }
    Ok(())
}

fn a_machine_that_stays_has_them_too() -> Result<()> {
    let place = tempfile::tempdir()?;
    let command = |words: &[&str]| {
        let mut command = xtask();
        command.args(words).stdin(Stdio::null());
        command.env("STRATA_RUNS", place.path());
        command
    };
    let up = [&["up", KERNEL][..], &DEVICES].concat();
    let output = command(&up).output()?;
    ensure!(output.status.success(), "{output:?}");
    let script = script_of_devices(greeter()?);
    let said: Result<Vec<String>> = (0..3)
        .map(|_| says(command(&["shell", "--in", KERNEL]), &script))
        .collect();
    let output = command(&["down", KERNEL]).output()?;
    ensure!(output.status.success(), "{output:?}");
    for said in said? {
        ensure!(said == SAID_OF_DEVICES, "{said}");
    }
    Ok(())
}

/// The bus of this machine takes no device that has no slot.
fn more_disks_than_slots_are_refused() -> Result<()> {
    let output = run_guest(
        &[
            &["run", "--kernel", KERNEL][..],
            &["--disk", "1M"].repeat(8),
            &["--"],
        ]
        .concat(),
    )?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(125), "{stderr}");
    ensure!(stderr.contains("give it fewer disks"), "{stderr}");
    Ok(())
}

/// What `test-kernels native` does on its host, in a machine instead: no host of arm64 was seen.
fn the_kernel_that_runs_is_asked_as_on_a_host_of_arm64() -> Result<()> {
    let wanted = scenarios::ALL
        .iter()
        .filter(|one| one.not_on_a_host.is_none());
    let job = NativeJob {
        scenarios: wanted.map(|one| one.name.to_owned()).collect(),
        deadline_ms: 30_000,
    };
    let dir = tempfile::tempdir()?;
    let mut run = xtask();
    run.args(["run", "--kernel", KERNEL, "--"])
        .arg(guest_in(dir.path())?)
        .arg(NATIVE);
    let said = says(run, &serde_json::to_string(&job)?)?;
    let mut records = said.lines().map(serde_json::from_str);
    let Some(NativeRecord::Entered { kernel, .. }) = records.next().transpose()? else {
        bail!("{said}");
    };
    let (mut ended, mut others) = (Vec::new(), Vec::new());
    for record in records {
        match record? {
            NativeRecord::Ended {
                scenario,
                outcome,
                observation,
            } => {
                let known = scenarios::find(&scenario).context("it was asked for")?;
                let cell = judge(&known.on(&AARCH64), &kernel, &outcome, observation);
                if !matches!(cell.verdict, Verdict::Passed | Verdict::NotApplicable) {
                    others.push(scenario.clone());
                }
                ended.push(scenario);
            }
            NativeRecord::Finished => break,
            other => bail!("{other:?}"),
        }
    }
    ensure!(ended == job.scenarios, "{ended:?}");
    // What they show depends on the other mounts of /proc, and a machine has its own.
    let of_proc = [
        "proc_when_a_part_is_hidden",
        "processes_only_when_a_part_is_hidden",
    ];
    ensure!(others == of_proc, "{others:?}");
    Ok(())
}

/// Its C library is in no directory in which this host looks, and in another one in the guest.
fn a_dynamic_program_takes_the_libraries_of_its_compiler() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (source, program) = (dir.path().join("name.c"), dir.path().join("name"));
    fs::write(
        &source,
        "#include <stdio.h>\n#include <math.h>\n#include <sys/utsname.h>\n\
         int main(int many, char **words) { struct utsname is; uname(&is); \
         return printf(\"%s %.0f\\n\", is.machine, cbrt(many * 8)) < 0; }\n",
    )?;
    let built = Command::new(CROSS_COMPILER)
        .args(["-fno-builtin", "-o"])
        .args([&program, &source])
        .arg("-lm")
        .status()?;
    ensure!(built.success());
    let mut run = xtask();
    run.args(["run", "--kernel", "6.1", "--"]).arg(program);
    let said = says(run, "")?;
    ensure!(said == "aarch64 2\n", "{said}");
    Ok(())
}

/// `Image.gz`, and EFI zboot around it, which QEMU 7.2 does not unpack.
fn a_compressed_image_boots_by_its_path() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let image = image_of(&kernel_named(KERNEL))?;
    let (gzip, zboot) = (dir.path().join("Image.gz"), dir.path().join("vmlinuz.efi"));
    let packed = Command::new("gzip")
        .arg("-1c")
        .stdin(File::open(image)?)
        .stdout(File::create(&gzip)?)
        .status()?;
    ensure!(packed.success());
    fs::write(&zboot, zboot_image(&fs::read(&gzip)?, 0xaa64))?;
    for path in [gzip, zboot] {
        let path = path.to_str().context("a plain path")?;
        is_said_by_the_guest(&run_guest(&["run", "--kernel", path, "--"])?)?;
    }
    Ok(())
}
