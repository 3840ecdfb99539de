//! What depends on the processor of the kernels under test; may use: nothing else.
//!
//! An architecture is one value, in a file of its own. What is no constant but code has
//! its places, too: `processor` for registers and instructions, and
//! `images/src/kernel_image` for how an image is recognised.

mod aarch64;
mod x86_64;

pub use aarch64::AARCH64;
pub use x86_64::X86_64;

/// An architecture: the value of every constant that differs between processors.
pub struct Arch {
    /// What `uname -m` says, and what stands in lock files and in the cache.
    pub name: &'static str,
    /// What a person may call it, the name that is shown first.
    pub names: &'static [&'static str],
    /// The target triple the guest is built for.
    pub target: &'static str,
    /// The linker of the guest, where the compiler's own choice will not do.
    pub linker: Option<&'static str>,
    /// Debian's name of it.
    pub debian: &'static str,
    /// The index of a suite's packages, from the release file's directory, without the
    /// suffix of its compression.
    pub debian_index: &'static str,
    /// The flavours of Debian's kernel packages, the preferred one first.
    pub debian_flavours: [&'static str; 2],
    /// Where Debian's packages have their shared libraries.
    pub debian_libraries: [&'static str; 2],
    /// The loader of programs in Debian's packages. A link to it in another directory is
    /// absolute, and would be the host's.
    pub debian_loader: &'static str,
    /// QEMU's program.
    pub qemu: &'static str,
    /// The name of Strata's own QEMU with that program, in the cache and in `tools.lock`.
    pub qemu_tool: &'static str,
    /// Debian's packages of that program and its firmware.
    pub qemu_packages: &'static [&'static str],
    /// What QEMU needs: its program, and its files besides libraries; a directory,
    /// with a slash at its end, means what lies in it. They run on [`HOST`].
    pub qemu_files: &'static [&'static str],
    /// Where QEMU's modules are, if this is the host's architecture.
    pub qemu_modules: &'static str,
    /// The name of Strata's own busybox for its kernels, in the cache and in `tools.lock`.
    pub busybox_tool: &'static str,
    /// QEMU's `-machine`.
    pub machine: &'static str,
    /// How many devices a running machine takes, each into a slot that is there from the
    /// start; none where its bus takes them as it is.
    pub slots: Option<u32>,
    /// QEMU's `-cpu`: a plain old processor that QEMU emulates everywhere.
    pub cpu: &'static str,
    /// QEMU's `-cpu` where KVM executes it.
    pub kvm_cpu: &'static str,
    /// The words of the kernel's command line that only this architecture has, the one
    /// that names the console first.
    pub command_line: &'static [&'static str],
    /// The word alone that names the console, as a person would write it.
    pub console: &'static str,
    /// The machine in the headers of its programs (`e_machine` of elf(5)).
    pub elf_machine: u16,
    /// That of the 32-bit programs that its kernels run too, if Strata takes them.
    pub elf_machine_32: Option<u16>,
    /// The directories in which glibc looks last, each in `/` and in `/usr`: Debian's
    /// first, then those of other distributions.
    pub libraries: [&'static str; 3],
    /// The same directories for its 32-bit programs.
    pub libraries_32: [&'static str; 3],
    /// The root in which distributions put the C library of their cross compiler for it.
    pub cross_root: &'static str,
    /// Its directory in a kernel tree.
    pub tree: &'static str,
    /// What `make` calls the image, which it puts into `boot` of that directory.
    pub built_image: &'static str,
    /// What its kernels call the place at which a processor runs, as their console has it.
    pub place: &'static str,
    /// Functions by which an interrupt gets into its kernels; in a stack, what stands above
    /// one is of the interrupt.
    pub interrupts: &'static [&'static str],
    /// Words of a panic before the guest is up that is the emulating host's fault.
    pub hosts_fault: Option<&'static str>,
}

/// All architectures whose kernels can be tested.
pub const ALL: [&Arch; 2] = [&X86_64, &AARCH64];

/// The architecture that is meant where nothing names one, and that of the programs in
/// Strata's own tools.
pub const HOST: &Arch = &X86_64;

impl Arch {
    /// The architecture of a name that a person gave, or that a file has.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let is_it = |arch: &&&Self| arch.name == name || arch.names.contains(&name);
        ALL.iter().find(is_it).copied()
    }

    /// The architecture whose kernels run programs with this `e_machine`.
    #[must_use]
    pub fn of_elf_machine(machine: u16) -> Option<&'static Self> {
        let runs =
            |arch: &&&Self| arch.elf_machine == machine || arch.elf_machine_32 == Some(machine);
        ALL.iter().find(runs).copied()
    }

    /// Its name for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.names[0]
    }

    /// Whether it is meant where nothing names an architecture.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.name == HOST.name
    }

    /// The names of all for people, with commas between them.
    #[must_use]
    pub fn titles() -> String {
        ALL.map(Self::title).join(", ")
    }
}

/// There is one value of each architecture.
impl PartialEq for Arch {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Arch {}

impl PartialOrd for Arch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Arch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(other.name)
    }
}

impl std::hash::Hash for Arch {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl std::fmt::Debug for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl std::fmt::Display for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_architecture() {
        let mut seen = std::collections::HashSet::new();
        for arch in ALL {
            for name in arch.names {
                assert!(seen.insert(name), "{name} means two architectures");
                assert_eq!(Arch::named(name), Some(arch));
            }
            assert_eq!(Arch::named(arch.name), Some(arch));
            assert_eq!(Arch::of_elf_machine(arch.elf_machine), Some(arch));
        }
        assert_eq!(Arch::named("ubuntu"), None);
        assert_eq!(Arch::of_elf_machine(0), None);
    }
}
