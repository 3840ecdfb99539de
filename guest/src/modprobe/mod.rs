//! `modprobe`, `modinfo`, `lsmod` and `rmmod`: what the kernel and programs load modules
//! with; may use: protocol.

mod at_hand;
mod load;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::exit;

use nix::sys::signal::{SigHandler, Signal, signal};

pub(crate) use at_hand::{ASKING, ModulesAtHand, RESCANNED};
pub(crate) use load::load;

/// Where the kernel finds it (`/proc/sys/kernel/modprobe`).
pub(crate) const HELPER: &str = "/strata/modprobe";
/// The names under which programs find it.
pub(crate) const NAMES: [&str; 4] = ["modprobe", "modinfo", "lsmod", "rmmod"];

/// Does what this program's name says, if it is one of these; then it does not return.
pub fn run_if_named() {
    let mut words = env::args_os();
    let own = words.next().unwrap_or_default();
    let words: Vec<String> = words
        .map(OsString::into_string)
        .map(Result::unwrap_or_default)
        .collect();
    let name = Path::new(&own).file_name().unwrap_or_default();
    if !NAMES.iter().any(|known| *name == **known) {
        return;
    }
    // What reads the output may have enough of it.
    // SAFETY: no handler is set.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
    let result = match name.to_str() {
        Some("modprobe") => modprobe(&words, own == HELPER),
        Some("modinfo") => modinfo(&words),
        Some("lsmod") => lsmod(),
        _ => words.iter().try_for_each(|name| load::remove(name)),
    };
    let Err(why) = result else { exit(0) };
    let words = format!("{}: FATAL: {why}", name.display());
    if own == HELPER {
        // The kernel gives its helper no output.
        let kernel_log = File::options().write(true).open("/dev/kmsg");
        let _ = kernel_log.and_then(|mut log| log.write_all(format!("<6>{words}").as_bytes()));
    } else {
        eprintln!("{words}");
    }
    exit(1)
}

/// What the words of `modprobe` ask for.
fn modprobe(words: &[String], by_kernel: bool) -> Result<(), String> {
    let (mut quiet, mut all, mut remove) = (false, false, false);
    let mut names = Vec::new();
    let mut options = true;
    for word in words {
        match word.as_str() {
            "--" if options => options = false,
            "--quiet" if options => quiet = true,
            "--all" if options => all = true,
            "--remove" if options => remove = true,
            "--verbose" | "--use-blacklist" if options => {}
            short if options && short.starts_with('-') && !short.starts_with("--") => {
                for letter in short[1..].chars() {
                    match letter {
                        'q' => quiet = true,
                        'a' => all = true,
                        'r' => remove = true,
                        'v' | 'b' | 's' => {}
                        other => return Err(format!("the option -{other} is not known here")),
                    }
                }
            }
            long if options && long.starts_with("--") => {
                return Err(format!("the option {long} is not known here"));
            }
            name => names.push(name),
        }
    }
    let Some((first, rest)) = names.split_first() else {
        return Err("no module is named".to_owned());
    };
    if remove {
        return names.iter().try_for_each(|name| load::remove(name));
    }
    let modules = ModulesAtHand::ask(by_kernel)?;
    if by_kernel && first == &ASKING {
        return Ok(());
    }
    let loaded = match all {
        true => names.iter().try_for_each(|name| load(&modules, name, "")),
        false => load(&modules, first, &rest.join(" ")),
    };
    // As it is asked to say nothing of a module that is not there, it only fails.
    loaded.map_err(|why| match quiet && !by_kernel {
        true => exit(1),
        false => why,
    })
}

fn modinfo(names: &[String]) -> Result<(), String> {
    let modules = ModulesAtHand::ask(false)?;
    for name in names.iter().filter(|name| !name.starts_with('-')) {
        let found = modules.index.wanted(name).ok_or_else(|| missing(name))?;
        // The others are what it needs, and come before it.
        let Some(module) = found.last() else {
            println!("name:           {name}\nfilename:       (builtin)");
            continue;
        };
        let info = modules.info(module).ok_or("the module is cut off")?;
        println!("filename:       (modules of the kernel's package)");
        for line in info.split('\0').filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            println!("{:16}{value}", format!("{key}:"));
        }
    }
    Ok(())
}

fn lsmod() -> Result<(), String> {
    let table = fs::read_to_string("/proc/modules");
    let table = table.map_err(|error| format!("/proc/modules: {error}"))?;
    println!("{:24}{:>8}  Used by", "Module", "Size");
    for line in table.lines() {
        let mut fields = line.split(' ');
        let mut field = || fields.next().unwrap_or_default();
        let (name, size, uses, by) = (field(), field(), field(), field());
        let by = by.trim_end_matches(',').trim_matches('-');
        println!("{name:24}{size:>8}  {uses} {by}");
    }
    Ok(())
}

fn missing(name: impl Display) -> String {
    format!("Module {name} not found among the modules of this kernel")
}
