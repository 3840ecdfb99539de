//! What a machine that hangs is asked before it is killed: its kernel by the SysRq keys
//! on the console (Documentation/admin-guide/sysrq.rst), and QEMU by its monitor.

use std::fs::Permissions;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::Arch;
use serde_json::json;

use super::monitor::Monitor;
use super::{ConsoleRead, RunningMachine};
use crate::system::{RunDir, printable};

/// The files that are kept.
const REGISTERS: &str = "registers";
const STACKS: &str = "stacks";
const MEMORY: &str = "memory";
/// How long QEMU may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the kernel may take for all of its answers.
const ALL_ANSWERS: Duration = Duration::from_secs(10);
/// How long it may take for the first one. A kernel that takes no interrupts gives none.
const FIRST_ANSWER: Duration = Duration::from_secs(2);
/// How long it may be silent within an answer.
const SILENCE: Duration = Duration::from_millis(300);
/// The keys: print all that is said, the stacks of running tasks, of blocked tasks, and of
/// all tasks.
const KEYS: [u8; 4] = *b"9lwt";
/// The most bytes of the kernel's answers: a guest may write for ever.
const MOST: usize = 4 << 20;
/// How many lines of them are shown.
const SHOWN: usize = 40;
/// How many machines' memories a process keeps: each takes some 20 MB, or as much as the
/// machine has.
const MEMORIES: usize = 4;

/// Asks the machine, and keeps what it says in files. Returns lines to show: where its tasks
/// are, and where the rest is.
pub(super) fn take(running: &mut RunningMachine, arch: &Arch, dir: &RunDir) -> Vec<String> {
    let mut lines = Vec::new();
    let mut kept = Vec::new();
    // A QEMU that does not answer is not asked for more.
    if let Err(error) = ask(running, arch, dir, &mut lines, &mut kept) {
        let why = printable(&format!("{error:#}"));
        lines.push(format!("[strata: the machine could not be asked: {why}]"));
    }
    if !kept.is_empty() {
        let (kept, dir) = (kept.join(", "), dir.path().display());
        lines.push(format!("[strata: {kept} of the machine are in {dir}]"));
    }
    lines
}

fn ask(
    running: &mut RunningMachine,
    arch: &Arch,
    dir: &RunDir,
    lines: &mut Vec<String>,
    kept: &mut Vec<&str>,
) -> Result<()> {
    running.monitor.be_patient(PATIENCE)?;
    running.monitor.greet()?;
    let registers = registers(&mut running.monitor)?;
    keep(dir, REGISTERS, registers.as_bytes())?;
    kept.push(REGISTERS);
    let said = stacks(running)?;
    if !said.is_empty() {
        keep(dir, STACKS, &said)?;
        kept.push(STACKS);
    }
    lines.extend(shown(arch, &printable_lines(&said)));
    static MEMORIES_KEPT: AtomicUsize = AtomicUsize::new(0);
    if MEMORIES_KEPT.fetch_add(1, Ordering::Relaxed) < MEMORIES {
        keep_memory(&mut running.monitor, dir)?;
        kept.push(MEMORY);
    }
    Ok(())
}

/// The stacks of the tasks that are not the kernel's own, without registers.
fn shown(arch: &Arch, said: &[String]) -> Vec<String> {
    // A task stands with its stack below it.
    let mut tasks: Vec<(&String, Vec<&str>)> = Vec::new();
    for line in said {
        if is_task(line) {
            tasks.push((line, Vec::new()));
            continue;
        }
        let Some((_, stack)) = tasks.last_mut() else {
            continue;
        };
        // Old kernels print an address first.
        let place = line.rsplit_once(">] ");
        let place = place.map_or(line.trim(), |(_, place)| place);
        let is_interrupt = |function: &&str| place.contains(*function);
        if line.starts_with(arch.place) && stack.is_empty() {
            stack.push(place);
        } else if arch.interrupts.iter().any(is_interrupt) {
            // The key's own interrupt.
            stack.clear();
        } else if line.starts_with(' ') && line.contains("+0x") {
            stack.push(place);
        }
    }
    let mut lines = Vec::new();
    for (task, stack) in tasks {
        if stack.is_empty() || is_of_kernel(task) {
            continue;
        }
        lines.push(task.clone());
        // A place with a question mark may be left over from earlier calls. A kernel
        // without frame pointers knows of no others.
        let all = stack.iter().all(|place| place.starts_with("? "));
        let sure = stack.iter().filter(|place| all || !place.starts_with("? "));
        lines.extend(sure.map(|place| format!("  {place}")));
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("[strata: {more} more lines in {STACKS}]"));
    }
    lines
}

/// Whether a line begins what is said of a task: `task:cat state:D … pid:9 ppid:8 …`, in
/// kernels before 5.11 `cat D 0 9 8 0x00000000`, or `CPU: 0 PID: 9 Comm: cat …`.
fn is_task(line: &str) -> bool {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let has_state = |state: &&str| state.len() == 1 && "RSDTtXZPI".contains(*state);
    line.starts_with("task:")
        || line.starts_with("CPU:") && line.contains("Comm:")
        || fields.get(1).is_some_and(has_state)
            && fields.last().is_some_and(|flags| flags.starts_with("0x"))
}

/// Whether a task is a thread of the kernel: kthreadd (PID 2), its children, and what runs
/// where nothing else does.
fn is_of_kernel(line: &str) -> bool {
    if line.starts_with("CPU:") {
        return line.contains("Comm: swapper");
    }
    let fields: Vec<&str> = line.split_whitespace().collect();
    let named = |name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split_whitespace().next()
    };
    let [pid, parent] = match (named(" pid:"), named(" ppid:")) {
        (Some(pid), Some(parent)) => [pid, parent],
        _ => {
            let from_end = |number: usize| fields.iter().rev().nth(number).copied();
            [2, 1].map(|number| from_end(number).unwrap_or_default())
        }
    };
    pid == "2" || parent == "2"
}

/// The lines of the kernel's messages, without their times and harmless to print.
fn printable_lines(said: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(said);
    let message = |line: &str| match line
        .strip_prefix('[')
        .and_then(|line| line.split_once("] "))
    {
        Some((_, message)) => printable(message),
        None => printable(line),
    };
    text.lines().map(|line| message(line.trim_end())).collect()
}

fn keep(dir: &RunDir, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = dir.file(name)?;
    file.write_all(bytes)
        .with_context(|| format!("writing the {name}"))?;
    dir.keep(name, &file).map(drop)
}

/// The registers of all processors.
fn registers(monitor: &mut Monitor) -> Result<String> {
    let command = json!({ "command-line": "info registers -a" });
    let answer = monitor.execute("human-monitor-command", command)?;
    let text = answer.as_str().context("QEMU tells no registers")?;
    Ok(text.replace('\r', ""))
}

/// What the kernel says when its keys are pressed.
fn stacks(running: &mut RunningMachine) -> Result<Vec<u8>> {
    let until = Instant::now() + ALL_ANSWERS;
    let mut said = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    for key in KEYS {
        let command = json!({ "id": "console" });
        running.monitor.execute("chardev-send-break", command)?;
        running.console.write(&[key])?;
        let before = said.len();
        loop {
            let patience = if said.is_empty() {
                FIRST_ANSWER
            } else {
                SILENCE
            };
            let silent = (Instant::now() + patience).min(until);
            match running.console.read(&mut buffer, Some(silent), &[])? {
                ConsoleRead::Bytes(length) if said.len() + length <= MOST => {
                    said.extend_from_slice(&buffer[..length]);
                }
                _ => break,
            }
        }
        if said.len() == before || Instant::now() >= until {
            break;
        }
    }
    Ok(said)
}

/// The machine's memory, as the program crash reads it.
fn keep_memory(monitor: &mut Monitor, dir: &RunDir) -> Result<()> {
    let file = dir.file(MEMORY)?;
    // It may hold secrets.
    file.set_permissions(Permissions::from_mode(0o600))?;
    monitor.give(MEMORY, file.as_fd())?;
    let protocol = format!("fd:{MEMORY}");
    let arguments = json!({ "paging": false, "protocol": protocol, "format": "kdump-zlib" });
    monitor.execute("dump-guest-memory", arguments)?;
    if file.metadata()?.len() == 0 {
        bail!("QEMU has written no memory");
    }
    dir.keep(MEMORY, &file).map(drop)
}

#[cfg(test)]
mod tests {
    use guest::{AARCH64, X86_64};

    use super::*;

    /// As 6.1 and 3.10 print them.
    const NEW: &str = "\
[    5.036075] sysrq: Show backtrace of all active CPUs
[    5.037213] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 6.1.0-50-cloud-amd64 #1
[    5.040582]  dump_stack_lvl+0x44/0x5c
[    6.066864] task:init            state:S stack:0     pid:1     ppid:0      flags:0x00000002
[    6.067333] Call Trace:
[    6.067503]  <TASK>
[    6.067599]  __schedule+0x34d/0x9e0
[    6.068122]  ? __pollwait+0xe0/0xe0
[    6.068891]  __x64_sys_ppoll+0xde/0x160
[    6.073877] RIP: 0033:0x7ff7282253b8
[    6.077193] task:kthreadd        state:S stack:0     pid:2     ppid:0      flags:0x00004000
[    6.078820]  schedule+0x5a/0xd0
[    6.079453] task:rcu_gp          state:I stack:0     pid:3     ppid:2      flags:0x00004000
[    6.081115]  schedule+0x5a/0xd0
";
    const OLD: &str = "\
[    4.036075] SysRq : Show State
[    4.036075]   task                        PC stack   pid father
[    4.066864] sleep           S 0000000000000000     0    57     56 0x00000000
[    4.067333] Call Trace:
[    4.067599]  [<ffffffff8138e4a9>] ? __schedule+0x34d/0x9e0
[    4.068891]  [<ffffffff8138e4a9>] hrtimer_nanosleep+0xde/0x160
[    4.077193] kthreadd        S 0000000000000001     0     2      0 0x00000000
[    4.078820]  [<ffffffff8138e4a9>] schedule+0x5a/0xd0
[    4.077193] rcu_bh          S 0000000000000001     0     8      2 0x00000000
[    4.078820]  [<ffffffff8138e4a9>] schedule+0x5a/0xd0
";

    #[test]
    fn the_stacks_of_programs_are_shown() {
        let told = |said: &str| shown(&X86_64, &printable_lines(said.as_bytes()));
        assert_eq!(
            told(NEW),
            [
                "task:init            state:S stack:0     pid:1     ppid:0      flags:0x00000002",
                "  __schedule+0x34d/0x9e0",
                "  __x64_sys_ppoll+0xde/0x160",
            ]
        );
        assert_eq!(
            told(OLD),
            [
                "sleep           S 0000000000000000     0    57     56 0x00000000",
                "  hrtimer_nanosleep+0xde/0x160",
            ]
        );
    }

    /// What the key itself does on the processor is not the program's.
    #[test]
    fn a_program_that_runs_is_shown_where_it_was_interrupted() {
        let said = "\
CPU: 0 PID: 80 Comm: init Not tainted 6.1.0-50-cloud-amd64 #1
 __handle_sysrq.cold+0x44/0x11c
 asm_common_interrupt+0x22/0x40
RIP: 0033:0x7f0c854e8d17
RSP: 002b:00007fff3402c200 EFLAGS: 00000246
";
        let shown = shown(&X86_64, &printable_lines(said.as_bytes()));
        assert_eq!(shown[1..], ["  RIP: 0033:0x7f0c854e8d17"]);
    }

    /// As 6.1 prints them for two keys, and 5.10 for one, without most registers.
    #[test]
    fn so_it_is_on_arm64() {
        let said = "\
CPU: 0 PID: 94 Comm: init Not tainted 6.1.0-50-cloud-arm64 #1
Hardware name: linux,dummy-virt (DT)
pc : 00000000002b4804
lr : 00000000002b47f8
task:init            state:R  running task     stack:0     pid:94    ppid:1      flags:0x00000000
Call trace:
 sysrq_handle_showstate+0x1c/0x2c
 pl011_int+0x43c/0x5a0
 el0_interrupt+0x54/0x12c
 __el0_irq_handler_common+0x18/0x24
 el0t_64_irq+0x18c/0x190
init            R  running task        0    94      1 0x00000000
Call trace:
 pl011_int+0x43c/0x5a0
 el1_irq+0xbc/0x180
 clear_page+0x18/0x50
";
        let shown = shown(&AARCH64, &printable_lines(said.as_bytes()));
        let places = shown.iter().filter(|line| line.starts_with("  "));
        let places: Vec<&String> = places.collect();
        assert_eq!(
            places,
            ["  pc : 00000000002b4804", "  clear_page+0x18/0x50"]
        );
    }

    #[test]
    fn many_stacks_are_cut_short() {
        let task = "task:a state:S pid:9 ppid:1 flags:0x0\n";
        let said = [task, &" f+0x1/0x2\n".repeat(SHOWN + 9)].concat();
        let shown = shown(&X86_64, &printable_lines(said.as_bytes()));
        assert_eq!(shown.len(), SHOWN + 1);
        assert_eq!(shown.last().unwrap(), "[strata: 10 more lines in stacks]");
    }

    /// Without frame pointers, as 4.9 prints them.
    #[test]
    fn stacks_of_which_nothing_is_sure_are_shown_whole() {
        let said = "\
sleep           S    0    40      1 0x00000000
 0000000000000086 ffff8800002aa240 ffff88000021ae00 ffffffff8160d4c0
Call Trace:
 [<ffffffff81284708>] ? __schedule+0x390/0x3ca
 [<ffffffff812867ce>] ? do_nanosleep+0x5c/0xc5
Sched Debug Version: v0.11, 4.9.229 #1
";
        let shown = shown(&X86_64, &printable_lines(said.as_bytes()));
        let stack = ["  ? __schedule+0x390/0x3ca", "  ? do_nanosleep+0x5c/0xc5"];
        assert_eq!(shown[1..], stack);
    }
}
