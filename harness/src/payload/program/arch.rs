//! For which architecture a program is: what its ELF header says, or its interpreter's.

use std::ffi::OsStr;
use std::path::Path;

use guest::Arch;

use super::pack::head;
use super::tree::Tree;
use super::{elf, script};

/// The architecture of a program on this host; none if it does not tell, or is for one that
/// Strata does not know. `search` is the `PATH` in which interpreters are looked for.
pub(super) fn of_program(program: &Path, search: &OsStr) -> Option<&'static Arch> {
    let head = head(program).ok()?;
    if head.starts_with(b"#!") {
        let interpreters = script::interpreters(program, &head, search).ok()?;
        return of_elf(&self::head(interpreters.first()?).ok()?);
    }
    of_elf(&head)
}

/// The same of a program in a root file system.
pub(super) fn of_program_in(root: &Tree, program: &Path) -> Option<&'static Arch> {
    let head = root.head(program)?;
    let interpreter = head.strip_prefix(b"#!").and_then(|line| {
        let line = std::str::from_utf8(line).ok()?.lines().next()?;
        line.split_ascii_whitespace().next()
    });
    match interpreter {
        Some(path) => of_elf(&root.head(Path::new(path))?),
        None => of_elf(&head),
    }
}

/// What the header of a file says (elf(5): `e_machine`); least significant byte first, as all
/// that is known here.
fn of_elf(head: &[u8]) -> Option<&'static Arch> {
    let machine = head.get(18..20)?;
    let is_elf = head.starts_with(elf::MAGIC) && head[5] == 1;
    let machine = u16::from_le_bytes([machine[0], machine[1]]);
    Arch::of_elf_machine(machine).filter(|_| is_elf)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use guest::arch;

    use super::*;

    fn program(arch: &Arch) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(64, 0);
        head[18..20].copy_from_slice(&arch.elf_machine.to_le_bytes());
        head
    }

    #[test]
    fn a_header_tells_the_architecture() {
        for arch in arch::ALL {
            let head = program(arch);
            assert_eq!(of_elf(&head), Some(arch));
            assert_eq!(of_elf(&head[..19]), None);
        }
        let mut other = program(arch::HOST);
        other[18] = 0xff;
        assert_eq!(of_elf(&other), None);
        let mut big = program(arch::HOST);
        big[5] = 2;
        assert_eq!(of_elf(&big), None);
    }

    #[test]
    fn a_link_in_a_root_leads_where_it_does_inside() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        fs::write(root.join("usr/bin/box"), program(&guest::AARCH64)).unwrap();
        fs::write(root.join("usr/bin/script"), "#!/bin/sh -e\n").unwrap();
        symlink("/usr/bin", root.join("bin")).unwrap();
        symlink("../bin/box", root.join("usr/bin/sh")).unwrap();
        symlink("/loop", root.join("loop")).unwrap();
        let mut tree = Tree::default();
        tree.carry_root(root).unwrap();
        let root = &tree;
        for path in ["/bin/sh", "/usr/bin/script", "/bin/../bin/box"] {
            let found = of_program_in(root, Path::new(path));
            assert_eq!(found, Some(&guest::AARCH64), "{path}");
        }
        assert_eq!(of_program_in(root, Path::new("/loop")), None);
        assert_eq!(of_program_in(root, Path::new("/none")), None);
    }
}
