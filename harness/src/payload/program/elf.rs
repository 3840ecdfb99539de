//! What a binary needs: its interpreter and its libraries, found as the dynamic
//! linker of this host finds them (ld.so(8)), without running anything.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;
use guest::Arch;

use super::{BadRequest, ld_cache};

/// What a binary begins with.
pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// The directories of musl's search.
const MUSL: [&str; 3] = ["/lib", "/usr/local/lib", "/usr/lib"];

/// What the C library loads, without naming it as needed, to end threads: without it, these
/// functions abort the program (pthread_cancel(3), pthread_exit(3), backtrace(3)).
const UNWINDER: &str = "libgcc_s.so.1";
const UNWINDING: [&str; 3] = ["pthread_cancel", "pthread_exit", "backtrace"];

/// A binary or library that is loaded.
pub(crate) struct Object {
    path: PathBuf,
    /// The index of the object that needed it first; none for the program itself.
    loader: Option<usize>,
    machine: u16,
    arch: &'static Arch,
    interpreter: Option<PathBuf>,
    needed: Vec<String>,
    /// Whether it calls what takes the unwinder.
    unwinds: bool,
    /// DT_RPATH: directories for its own needs and for those of what it loads. Ignored
    /// if there is a run path.
    rpath: Vec<PathBuf>,
    /// DT_RUNPATH: directories for its own needs.
    runpath: Vec<PathBuf>,
}

/// The interpreter and all libraries of a binary.
///
/// `library_path` is the guest's `LD_LIBRARY_PATH`.
pub(super) fn needs(binary: &Path, library_path: &OsStr) -> Result<Vec<PathBuf>, BadRequest> {
    let shown = binary.display();
    let bytes = fs::read(binary).map_err(BadRequest::reading(binary))?;
    let program = Object::parse(binary, &bytes, None).map_err(|why| {
        BadRequest::NotExecutable(format!("{shown} is no program for this machine: {why}"))
    })?;
    let mut found: Vec<PathBuf> = program.interpreter.iter().cloned().collect();
    if let Some(missing) = found.iter().find(|interpreter| !interpreter.is_file()) {
        let missing = missing.display();
        return Err(BadRequest::Missing(format!(
            "{shown} needs the dynamic linker {missing}, which is not on this machine: install \
             the C library it was built for, or link it statically"
        )));
    }
    let interpreter = found.first().cloned().unwrap_or_default();
    let search = LibrarySearch::of(&program, &interpreter, library_path);
    // A library that needs the linker by name means the interpreter.
    let mut known: HashSet<String> = interpreter
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .into_iter()
        .collect();
    let mut objects = vec![program];
    // Breadth first, as ld.so does: the first library of a name is used.
    let mut ahead: VecDeque<usize> = [0].into();
    while let Some(index) = ahead.pop_front() {
        for name in objects[index].needed.clone() {
            if !known.insert(name.clone()) {
                continue;
            }
            let library = search.find(&name, &objects, index).ok_or_else(|| {
                let needer = objects[index].path.display();
                BadRequest::Missing(format!(
                    "{shown}: the library {name}, needed by {needer}, is nowhere on this machine: \
                     install it, or say with --env LD_LIBRARY_PATH=DIR where it is"
                ))
            })?;
            found.push(library.path.clone());
            ahead.push_back(objects.len());
            objects.push(library);
        }
    }
    let unwinds = objects.iter().any(|object| object.unwinds);
    if unwinds && !known.contains(UNWINDER) {
        let unwinder = search.find(UNWINDER, &objects, 0);
        found.extend(unwinder.map(|library| library.path));
    }
    Ok(found)
}

impl Object {
    pub(crate) fn parse(path: &Path, bytes: &[u8], loader: Option<usize>) -> Result<Self, String> {
        let elf = Elf::parse(bytes).map_err(|_| {
            let length = bytes.len();
            format!("its ELF headers do not fit its {length} bytes: it is damaged, or cut short")
        })?;
        let machine = elf.header.e_machine;
        let arch = Arch::of_elf_machine(machine).ok_or_else(|| {
            let name = goblin::elf::header::machine_to_str(machine);
            format!("it is for another processor ({name})")
        })?;
        // ld.so takes the directory by its real name.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let origin = real.parent().unwrap_or(Path::new("/"));
        let runpath = directories(&elf.runpaths, origin);
        let rpath = if runpath.is_empty() {
            directories(&elf.rpaths, origin)
        } else {
            Vec::new()
        };
        let calls = elf.dynsyms.iter().filter(|symbol| symbol.is_import());
        let mut calls = calls.filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name));
        let unwinds = calls.any(|name| UNWINDING.contains(&name));
        Ok(Self {
            path: path.to_owned(),
            loader,
            machine,
            arch,
            interpreter: elf.interpreter.map(PathBuf::from),
            needed: elf.libraries.iter().map(|&name| name.to_owned()).collect(),
            unwinds,
            rpath,
            runpath,
        })
    }
}

/// The directories of lists separated by colons.
fn directories(lists: &[&str], origin: &Path) -> Vec<PathBuf> {
    let origin = origin.to_string_lossy();
    let expand = |dir: &str| {
        let dir = dir.replace("${ORIGIN}", &origin);
        PathBuf::from(dir.replace("$ORIGIN", &origin))
    };
    let dirs = lists.iter().flat_map(|list| list.split(':'));
    dirs.filter(|dir| !dir.is_empty()).map(expand).collect()
}

/// The directories that apply to all objects of a program.
struct LibrarySearch {
    library_path: Vec<PathBuf>,
    cache: HashMap<String, Vec<PathBuf>>,
    default: Vec<PathBuf>,
}

impl LibrarySearch {
    fn of(program: &Object, interpreter: &Path, library_path: &OsStr) -> Self {
        let musl = interpreter.to_string_lossy().contains("/ld-musl-");
        let twice = |dir| ["/", "/usr"].map(|root| Path::new(root).join(dir));
        Self {
            library_path: std::env::split_paths(library_path)
                .filter(|dir| dir.is_absolute())
                .collect(),
            cache: match musl {
                true => HashMap::new(),
                false => ld_cache::read(),
            },
            default: match (musl, program.machine == program.arch.elf_machine) {
                (true, _) => MUSL.map(PathBuf::from).to_vec(),
                (false, true) => program.arch.libraries.map(twice).concat(),
                (false, false) => program.arch.libraries_32.map(twice).concat(),
            },
        }
    }

    /// The library of this name, as the object of this index finds it.
    fn find(&self, name: &str, objects: &[Object], index: usize) -> Option<Object> {
        let object = &objects[index];
        let candidates: Vec<PathBuf> = if name.contains('/') {
            vec![Path::new("/").join(name)]
        } else {
            let mut inherited = Vec::new();
            let mut ancestor = object.runpath.is_empty().then_some(index);
            while let Some(index) = ancestor {
                inherited.extend(&objects[index].rpath);
                ancestor = objects[index].loader;
            }
            let own = self.library_path.iter().chain(&object.runpath);
            let cached = self.cache.get(name).into_iter().flatten().cloned();
            let default = self.default.iter().map(|dir| dir.join(name));
            let early = inherited.into_iter().chain(own).map(|dir| dir.join(name));
            early.chain(cached).chain(default).collect()
        };
        candidates.into_iter().find_map(|path| {
            let bytes = fs::read(&path).ok()?;
            let library = Object::parse(&path, &bytes, Some(index)).ok()?;
            // A library for another processor is skipped.
            (library.machine == object.machine).then_some(library)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    proptest! {
        #[test]
        fn a_damaged_program_is_refused_or_read(
            cut in any::<Index>(),
            damages in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..9),
        ) {
            let whole = fs::read("/bin/sh").unwrap();
            let path = Path::new("/bin/program");
            prop_assert!(Object::parse(path, &whole, None).is_ok());
            let _ = Object::parse(path, &whole[..cut.index(whole.len())], None);
            // Where the headers are.
            let mut damaged = whole[..whole.len().min(4096)].to_vec();
            for (place, byte) in damages {
                let place = place.index(damaged.len());
                damaged[place] = byte;
            }
            let _ = Object::parse(path, &damaged, None);
        }
    }
}
