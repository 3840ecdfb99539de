//! Nothing goes on: in the machine, in user space, or in the probe alone.

use std::fs::{self, File, OpenOptions};
use std::hint::spin_loop;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;

use nix::sys::ptrace;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::termios::{FlowArg, tcflow};
use nix::sys::wait::WaitPidFlag;

use super::{Fault, begin};
use crate::claims::{Facts, ProbeError};
use crate::probe::{Errno, Pid, set_scheduler, waitpid};
use crate::processor;

pub(super) const FAULTS: &[Fault] = &[
    // It is the interrupt controller that is switched off. `cli` will not do: since
    // c8137ace5638 ("x86/iopl: Restrict iopl() permission scope"), in 5.5, iopl(3)
    // no longer lets a process keep interrupts off.
    Fault::new(
        "fault_hang_interrupts_off",
        "no interrupt arrives any more, and the processor spins",
        interrupts_off,
    )
    .append(&["iomem=relaxed"])
    .ends(&["HUNG"]),
    // The kernel lives, and since 6.12 gives other processes some time.
    Fault::new(
        "fault_hang_real_time",
        "a process of real-time priority keeps the processor to itself",
        real_time,
    )
    .ends(&["HUNG", "TIMED OUT"]),
    Fault::new("fault_stop_init", "PID 1 is stopped by a tracer", |facts| {
        begin(facts)?;
        stop_init()?;
        sleep_for_ever()
    })
    .ends(&["HUNG"]),
    Fault::new(
        "fault_stop_console",
        "the console's output is stopped (tcflow(3)), and not started again",
        |facts| {
            begin(facts)?;
            tcflow(console()?, FlowArg::TCOOFF)?;
            Ok(())
        },
    )
    .ends(&["HUNG"]),
    // A console that never falls silent, while PID 1 says nothing.
    Fault::new(
        "fault_shout",
        "PID 1 is stopped, and the console is written to for ever",
        |facts| {
            begin(facts)?;
            stop_init()?;
            let mut console = console()?;
            loop {
                console.write_all(b"and so on\r\n")?;
            }
        },
    )
    .ends(&["HUNG"]),
    Fault::new(
        "fault_hang_user_space",
        "the probe spins for ever",
        |facts| {
            begin(facts)?;
            loop {
                spin_loop();
            }
        },
    )
    .ends(&["TIMED OUT"]),
];

pub(super) fn console() -> io::Result<File> {
    OpenOptions::new().write(true).open("/dev/console")
}

pub(super) fn sleep_for_ever() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

fn interrupts_off(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    let Ok(memory) = physical_memory() else {
        match processor::interrupts_off()? {}
    };
    let switch = processor::INTERRUPT_SWITCH;
    let (access, page) = (libc::PROT_READ | libc::PROT_WRITE, 4096);
    // SAFETY: a mapping where the kernel chooses disturbs none that is there.
    let controller = unsafe {
        let fd = memory.as_raw_fd();
        libc::mmap(
            ptr::null_mut(),
            page,
            access,
            libc::MAP_SHARED,
            fd,
            switch.page,
        )
    };
    if controller == libc::MAP_FAILED {
        return Err(io::Error::last_os_error().into());
    }
    // SAFETY: the register is within the page that was mapped, and aligned.
    unsafe {
        let register = controller.byte_add(switch.register).cast::<u32>();
        register.write_volatile(register.read_volatile() & !switch.on);
    }
    loop {
        spin_loop();
    }
}

fn physical_memory() -> io::Result<File> {
    let path = Path::new("/dev/mem");
    if !path.exists() {
        // Where there is no devtmpfs.
        mknod(path, SFlag::S_IFCHR, Mode::S_IRUSR, makedev(1, 1))?;
    }
    OpenOptions::new().read(true).write(true).open(path)
}

fn real_time(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    fs::write("/proc/sys/kernel/sched_rt_runtime_us", "-1")?;
    set_scheduler(libc::SCHED_FIFO, 99)?;
    loop {
        spin_loop();
    }
}

/// Stops PID 1 by tracing it.
pub(super) fn stop_init() -> Result<Pid, Errno> {
    let init = Pid::from_raw(1);
    ptrace::attach(init)?;
    // Unlike other processes, PID 1 of old kernels is not for any waitpid(2).
    waitpid(init, Some(WaitPidFlag::__WALL))?;
    Ok(init)
}
