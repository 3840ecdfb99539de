//! Looks for what a program needs.

use std::fs;
use std::io::ErrorKind;

use super::boot_files;
use crate::modprobe::{self, ModulesAtHand};
use crate::protocol::{Need, ProgramJob};

/// Whether the kernel's modules tell of a need.
pub(crate) fn take_modules(needs: &[Need]) -> bool {
    needs.iter().any(|need| matches!(need, Need::Module(_)))
}

/// What of the needs is missing first, if anything is. Network and disks are there by now.
///
/// The error says why it cannot be known.
pub(crate) fn missing(
    program: &ProgramJob,
    modules: Result<&ModulesAtHand, &String>,
) -> Result<Option<String>, String> {
    for need in &program.needs {
        let missing = match need {
            Need::Root => program
                .user
                .filter(|user| user.uid != 0)
                .map(|user| format!("it needs root and runs as user {}", user.uid)),
            Need::Network => (!program.network).then(|| "there is no network".to_owned()),
            Need::Disk if program.disks.is_empty() => Some("there is no disk".to_owned()),
            Need::Disk => None,
            Need::Module(name) => module(name, modules),
            Need::Cgroup(version) => {
                let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
                let kind = if *version == 1 {
                    " - cgroup "
                } else {
                    " - cgroup2 "
                };
                let is_there = mounts.contains(kind);
                (!is_there).then(|| format!("no control groups of version {version} are mounted"))
            }
            Need::Config(name, value) => option(&boot_files::config()?, name, value.as_deref()),
            Need::Sysctl(name, value) => setting(name, value.as_deref()),
        };
        if missing.is_some() {
            return Ok(missing);
        }
    }
    Ok(None)
}

/// Loads a module, unless the kernel has what it would bring.
fn module(name: &str, modules: Result<&ModulesAtHand, &String>) -> Option<String> {
    let own = name.replace('-', "_");
    if fs::exists(format!("/sys/module/{own}")).unwrap_or(false) {
        return None;
    }
    let filesystems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if filesystems
        .lines()
        .any(|line| line.ends_with(&format!("\t{own}")))
    {
        return None;
    }
    let loaded = match modules {
        Ok(modules) => modprobe::load(modules, name, ""),
        Err(why) => Err(why.clone()),
    };
    let why = loaded.err()?;
    Some(format!("the kernel has no module {name}: {why}"))
}

/// What is wrong with an option of the configuration.
fn option(config: &str, name: &str, wanted: Option<&str>) -> Option<String> {
    let mut lines = config.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    match (found, wanted) {
        (Some(found), Some(wanted)) if found != wanted => Some(format!("{name} is {found}")),
        (Some("n") | None, wanted) if wanted != Some("n") => Some(format!("{name} is off")),
        _ => None,
    }
}

/// What is wrong with a setting of the kernel. Spaces between its values do not count.
fn setting(name: &str, wanted: Option<&str>) -> Option<String> {
    let path = match name.contains('/') {
        true => name.to_owned(),
        false => name.replace('.', "/"),
    };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (fs::read_to_string(format!("/proc/sys/{path}")), wanted) {
        (Err(_), None) if fs::exists(format!("/proc/sys/{path}")).unwrap_or(false) => None,
        (Err(error), _) if error.kind() == ErrorKind::NotFound => {
            Some(format!("there is no setting {name}"))
        }
        (Err(error), _) => Some(format!("the setting {name}: {error}")),
        (Ok(found), Some(wanted)) if words(&found) != words(wanted) => {
            Some(format!("{name} is {}", words(&found)))
        }
        (Ok(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_on_as_a_module_too_and_off_where_it_is_not_set() {
        let config = "CONFIG_A=y\nCONFIG_AB=m\n# CONFIG_C is not set\nCONFIG_HZ=250\n";
        let option = |name, wanted| option(config, name, wanted);
        for (name, wanted) in [
            ("CONFIG_A", None),
            ("CONFIG_A", Some("y")),
            ("CONFIG_AB", None),
            ("CONFIG_HZ", Some("250")),
            ("CONFIG_C", Some("n")),
        ] {
            assert_eq!(option(name, wanted), None, "{name}");
        }
        for (name, wanted, why) in [
            ("CONFIG_C", None, "CONFIG_C is off"),
            ("CONFIG_B", None, "CONFIG_B is off"),
            ("CONFIG_B", Some("y"), "CONFIG_B is off"),
            ("CONFIG_AB", Some("y"), "CONFIG_AB is m"),
            ("CONFIG_A", Some("n"), "CONFIG_A is y"),
        ] {
            assert_eq!(option(name, wanted).as_deref(), Some(why));
        }
    }
}
