//! Packs a program with the files it needs.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use guest::{Arch, HOST, Job, STDIN_PATH};
use images::Kernel;
use itertools::Itertools;

use super::tree::Tree;
use super::{BadRequest, PATH, Program, arch, elf, ld_cache, script};
use crate::machine::ServedBytes;
use crate::payload::initramfs::{self, PackedInitramfs};
use crate::system;

/// A program with all files that it needs.
#[derive(Clone, Debug)]
pub struct PackedProgram {
    arch: &'static Arch,
    pub(crate) program: guest::ProgramJob,
    tree: Tree,
    is_of_host: bool,
}

impl Program {
    /// Finds all files that the program needs in a guest.
    ///
    /// # Errors
    /// If something is missing or is no program; see [`BadRequest`].
    pub fn pack(&self) -> Result<PackedProgram, BadRequest> {
        let mut environment: Vec<(OsString, OsString)> =
            vec![("PATH".into(), PATH.into()), ("HOME".into(), "/".into())];
        if self.terminal.is_some() {
            let term = std::env::var_os("TERM").unwrap_or_else(|| "linux".into());
            environment.push(("TERM".into(), term));
        }
        environment.extend(self.environment.iter().cloned());
        let search = last(&environment, "PATH");
        let mut packer = Packer {
            tree: Tree::default(),
            search,
            library_path: last(&environment, "LD_LIBRARY_PATH"),
            seen: HashSet::new(),
        };
        let (path, arch) = match &self.root {
            Some(root) => {
                packer.tree.carry_root(root)?;
                let path = self.find_in(root, &packer.tree)?;
                let arch = arch::of_program_in(&packer.tree, &path);
                (path, arch)
            }
            None => {
                let path = self.find()?;
                let arch = arch::of_program(&path, &packer.search);
                packer.carry(&path)?;
                (path, arch)
            }
        };
        // Files for another path come last: the links among the others decide where
        // that path leads.
        for (host, guest) in self
            .files
            .iter()
            .sorted_by_key(|(_, guest)| guest.is_some())
        {
            let host = absolute(host)?;
            match guest {
                None => packer.carry(&host)?,
                Some(guest) => packer.carry_to(&host, guest)?,
            }
        }
        if self.host_root {
            packer.tree.carry_host()?;
        }
        for (host, guest, leave) in &self.trees {
            let host = absolute(host)?;
            let guest = guest.as_ref().map_or(host.as_path(), Path::new);
            packer.tree.carry_whole(&host, guest, *leave)?;
        }
        let directory = self.directory.clone().unwrap_or_else(|| "/".to_owned());
        packer.tree.make_directory(Path::new(&directory))?;
        let shown = path.display();
        let name = path.to_str();
        let no_name = || {
            BadRequest::new(format!(
                "{shown}: a program has a name in UTF-8: give it one, or a link that has"
            ))
        };
        let own_name = self.name.clone();
        let own_name = own_name.unwrap_or_else(|| self.path.clone().into());
        Ok(PackedProgram {
            // What tells nothing is refused where it is looked at, or by the kernel.
            arch: arch.unwrap_or(HOST),
            is_of_host: self.host_root,
            program: guest::ProgramJob {
                path: name.ok_or_else(no_name)?.to_owned(),
                arguments: [&[own_name], &self.arguments[..]].concat(),
                directory,
                environment,
                user: self.user,
                stdin: guest::Stdin::Null,
                terminal: self.terminal,
                modules: self.modules.clone(),
                network: self.network,
                disks: self.disks.clone(),
                volume: false,
                cgroup: self.cgroup,
                ulimits: self.ulimits.clone(),
                needs: self.needs.clone(),
                wanted: self.wanted.clone(),
            },
            tree: packer.tree,
        })
    }

    /// The program's absolute path in a root.
    fn find_in(&self, root: &Path, tree: &Tree) -> Result<PathBuf, BadRequest> {
        let name = &self.path;
        let mut paths: Vec<PathBuf> = match name.components().count() {
            1 => PATH
                .split(':')
                .map(|dir| Path::new(dir).join(name))
                .collect(),
            _ => vec![Path::new("/").join(name)],
        };
        paths.retain(|path| tree.has(path));
        paths.into_iter().next().ok_or_else(|| {
            let (name, root) = (name.display(), root.display());
            BadRequest::Missing(format!(
                "no program {name} in {root}: write its path there, beginning with a slash"
            ))
        })
    }

    /// The program's absolute path; it is executable.
    fn find(&self) -> Result<PathBuf, BadRequest> {
        let shown = self.path.display();
        let name = self.path.as_os_str();
        if !name.is_empty() && !name.as_encoded_bytes().contains(&b'/') {
            return which::which(name).map_err(|_| {
                let here = Path::new(".").join(name);
                let hint = match here.is_file() {
                    true => format!("write {} for the one in this directory", here.display()),
                    false => "write a path with a slash, or install it".to_owned(),
                };
                BadRequest::Missing(format!("no program {shown} in PATH: {hint}"))
            });
        }
        let path = absolute(&self.path)?;
        let metadata = fs::metadata(&path).map_err(|error| {
            let why = format!("no program {shown}: {error}{}", nearest(&path));
            match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => BadRequest::Missing(why),
                _ => BadRequest::NotExecutable(why),
            }
        })?;
        let why = if !metadata.is_file() {
            format!("{shown} is no program but a directory or device")
        } else if metadata.permissions().mode() & 0o111 == 0 {
            format!("{shown} is not executable: `chmod +x {shown}` if it is a program")
        } else {
            let head = head(&path)?;
            if head.starts_with(elf::MAGIC) || head.starts_with(b"#!") {
                return Ok(path);
            }
            format!(
                "{shown} is no executable: neither an ELF binary nor a script with a first line \
                 such as #!/bin/sh"
            )
        };
        Err(BadRequest::NotExecutable(why))
    }
}

impl PackedProgram {
    /// The architecture whose kernels run it.
    #[must_use]
    pub fn arch(&self) -> &'static Arch {
        self.arch
    }

    /// Checks that kernels can run it, before anything is obtained or booted.
    ///
    /// # Errors
    /// If one is of another architecture.
    pub fn fits(&self, kernels: &[Kernel]) -> Result<(), BadRequest> {
        let mut others = kernels.iter().filter_map(|kernel| {
            let arch = kernel.arch().filter(|arch| *arch != self.arch)?;
            Some(misfit(&self.program.path, self.arch, &kernel.name(), arch))
        });
        others.next().map_or(Ok(()), Err)
    }

    /// The size of the files, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Whether it finds this host's own files, which cannot travel.
    #[must_use]
    pub fn is_of_host(&self) -> bool {
        self.is_of_host
    }

    /// What of its directories does not travel: sockets and devices, by their paths here.
    #[must_use]
    pub fn left_out(&self) -> &[PathBuf] {
        self.tree.left_out()
    }

    /// Makes the initramfs with the program, its files and input that is known before
    /// the boot.
    ///
    /// # Errors
    /// If the guest cannot be built, or a file not be read.
    pub(crate) fn load(&self, stdin: guest::Stdin, at_hand: &[u8]) -> Result<LoadedProgram> {
        let mut program = self.program.clone();
        program.stdin = stdin;
        let job = initramfs::with_job(&Job::Program(program))?;
        let job = self.tree.add_to(job)?.file(STDIN_PATH, at_hand, 0o644);
        Ok(LoadedProgram {
            arch: self.arch,
            initramfs: PackedInitramfs::of(&[&initramfs::base(self.arch)?, &job])?,
            size: self.size() + at_hand.len() as u64,
            volume: None,
        })
    }

    /// The same, with its files in a volume, which takes no memory of a machine.
    ///
    /// # Errors
    /// As of [`Self::load`].
    pub(crate) fn load_with_volume(
        &self,
        stdin: guest::Stdin,
        at_hand: &[u8],
    ) -> Result<LoadedProgram> {
        let volume = Arc::new(self.tree.volume()?);
        let mut program = self.program.clone();
        (program.stdin, program.volume) = (stdin, true);
        let job = initramfs::with_job(&Job::Program(program))?;
        let job = job.file(STDIN_PATH, at_hand, 0o644);
        Ok(LoadedProgram {
            arch: self.arch,
            initramfs: PackedInitramfs::of(&[&initramfs::base(self.arch)?, &job])?,
            size: at_hand.len() as u64,
            volume: Some(volume),
        })
    }
}

/// A program in an initramfs, with which any number of machines can boot.
#[derive(Debug)]
pub(crate) struct LoadedProgram {
    /// The architecture whose kernels run it.
    pub(crate) arch: &'static Arch,
    pub(crate) initramfs: PackedInitramfs,
    /// The size of all that is packed, in bytes.
    pub(crate) size: u64,
    /// Its files, if they do not travel.
    pub(crate) volume: Option<Arc<dyn ServedBytes>>,
}

impl LoadedProgram {
    /// Checks that a kernel of this architecture can run it.
    pub(crate) fn fits(&self, kernel: &str, arch: &Arch) -> Result<(), BadRequest> {
        match self.arch == arch {
            true => Ok(()),
            false => Err(misfit("the program", self.arch, kernel, arch)),
        }
    }
}

/// The error for a program and a kernel that do not go together.
fn misfit(program: &str, for_arch: &Arch, kernel: &str, arch: &Arch) -> BadRequest {
    let before = match for_arch.is_default() {
        true => String::new(),
        false => format!("{for_arch}/"),
    };
    BadRequest::NotExecutable(format!(
        "{program} is for {for_arch}, and {kernel} is a kernel of {arch}: name one of {for_arch}, \
         as {before}6.1, or build the program for {arch}"
    ))
}

/// Packs files and what they need.
struct Packer {
    tree: Tree,
    /// `PATH` in the guest.
    search: OsString,
    /// `LD_LIBRARY_PATH` in the guest.
    library_path: OsString,
    seen: HashSet<PathBuf>,
}

impl Packer {
    fn carry(&mut self, path: &Path) -> Result<(), BadRequest> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let files = self.tree.carry(path)?;
        self.carry_needs(path, &files)
    }

    /// Carries what the files of a path need, and what that needs.
    fn carry_needs(&mut self, path: &Path, files: &[PathBuf]) -> Result<(), BadRequest> {
        let mut ahead = self.all_needs(path, files)?;
        while let Some(need) = ahead.pop() {
            if self.seen.insert(need.clone()) {
                let files = match elf::place_in_guest(&need) {
                    Some(place) => self.tree.carry_to(&need, &place)?,
                    None => self.tree.carry(&need)?,
                };
                ahead.extend(self.all_needs(&need, &files)?);
            }
        }
        Ok(())
    }

    /// What the files of a path need. A directory may hold programs that do not run on
    /// this host: their needs are ignored.
    fn all_needs(&mut self, path: &Path, files: &[PathBuf]) -> Result<Vec<PathBuf>, BadRequest> {
        let among_others = path.is_dir();
        let mut all = Vec::new();
        for file in files {
            match self.needs(file) {
                Ok(needs) => all.extend(needs),
                Err(_) if among_others => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn carry_to(&mut self, host: &Path, guest: &str) -> Result<(), BadRequest> {
        if !guest.starts_with('/') {
            return Err(BadRequest::new(format!(
                "--file {}:{guest}: the path in the guest begins with a slash",
                host.display()
            )));
        }
        let mut target = PathBuf::from(guest);
        if guest.ends_with('/')
            && let Some(name) = host.file_name()
        {
            target.push(name);
        }
        let files = self.tree.carry_to(host, &target)?;
        self.carry_needs(host, &files)
    }

    /// What a file needs to run.
    fn needs(&mut self, file: &Path) -> Result<Vec<PathBuf>, BadRequest> {
        let head = head(file)?;
        if !head.starts_with(elf::MAGIC) {
            return script::interpreters(file, &head, &self.search);
        }
        let mut needs = elf::needs(file, &self.library_path)?;
        // The linker's cache names libraries in other directories.
        if !needs.is_empty() && Path::new(ld_cache::LD_CACHE).exists() {
            needs.push(ld_cache::LD_CACHE.into());
        }
        Ok(needs)
    }
}

/// The last value of a variable.
fn last(environment: &[(OsString, OsString)], name: &str) -> OsString {
    let mut values = environment.iter().rev();
    let value = values.find(|(key, _)| key == OsStr::new(name));
    value.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The length of it.
pub(super) const HEAD: u64 = 256;

/// As much of a file as execve(2) reads to find its format (`BINPRM_BUF_SIZE`, 128
/// before Linux 5.1).
pub(super) fn head(path: &Path) -> Result<Vec<u8>, BadRequest> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(BadRequest::reading(path))?;
    Ok(head)
}

fn absolute(path: &Path) -> Result<PathBuf, BadRequest> {
    std::path::absolute(path).map_err(BadRequest::reading(path))
}

/// A hint with the most similar names in the same directory.
fn nearest(path: &Path) -> String {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return String::new();
    };
    let name = name.to_string_lossy();
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What is less alike is no help.
    let names = system::nearest(&name, names, 0.7);
    match names.is_empty() {
        true => String::new(),
        false => format!("; the nearest there: {}", names.join(", ")),
    }
}
