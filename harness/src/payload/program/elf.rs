//! What a binary needs: its interpreter and its libraries, found as the dynamic
//! linker of this host finds them (ld.so(8)), without running anything.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;
use guest::{Arch, arch};

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

/// Where in the guest a library of this host belongs, if that is another path: what a cross
/// compiler has in a root of its own, the programs for that architecture look for in `/`.
pub(super) fn place_in_guest(library: &Path) -> Option<PathBuf> {
    let within = |arch: &Arch| library.strip_prefix(arch.cross_root).ok();
    let path = arch::ALL.into_iter().find_map(within)?;
    Some(Path::new("/").join(path))
}

/// The interpreter and all libraries of a binary.
///
/// `library_path` is the guest's `LD_LIBRARY_PATH`.
pub(super) fn needs(binary: &Path, library_path: &OsStr) -> Result<Vec<PathBuf>, BadRequest> {
    needs_with(binary, library_path, |arch| Path::new(arch.cross_root))
}

fn needs_with<'a>(
    binary: &Path,
    library_path: &OsStr,
    cross_root: impl Fn(&Arch) -> &'a Path,
) -> Result<Vec<PathBuf>, BadRequest> {
    let shown = binary.display();
    let bytes = fs::read(binary).map_err(BadRequest::reading(binary))?;
    let program = Object::parse(binary, &bytes, None).map_err(|why| {
        BadRequest::NotExecutable(format!("{shown} is no program for this machine: {why}"))
    })?;
    let cross_root = cross_root(program.arch);
    let mut found = Vec::new();
    if let Some(interpreter) = &program.interpreter {
        let of_cross = cross_root.join(interpreter.strip_prefix("/").unwrap_or(interpreter));
        let mut places = [interpreter.clone(), of_cross].into_iter();
        let place = places.find(|place| place.is_file()).ok_or_else(|| {
            let (missing, root) = (interpreter.display(), cross_root.display());
            BadRequest::Missing(format!(
                "{shown} needs the dynamic linker {missing}, which is not on this machine, nor in \
                 {root}: install the C library it was built for, or link it statically"
            ))
        })?;
        found.push(place);
    }
    let interpreter = found.first().cloned().unwrap_or_default();
    let search = LibrarySearch::of(&program, &interpreter, library_path, cross_root);
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
    fn of(program: &Object, interpreter: &Path, library_path: &OsStr, cross_root: &Path) -> Self {
        let musl = interpreter.to_string_lossy().contains("/ld-musl-");
        let roots = [Path::new("/"), Path::new("/usr"), cross_root];
        let within_roots = |dir| roots.map(|root| root.join(dir));
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
                (false, true) => program.arch.libraries.map(within_roots).concat(),
                (false, false) => program.arch.libraries_32.map(within_roots).concat(),
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

    #[test]
    fn a_cross_compiler_has_the_linker_and_the_libraries_in_a_root_of_its_own() {
        let host = needs(Path::new("/bin/sh"), OsStr::new("")).unwrap();
        let linker = host[0].to_str().unwrap();
        // A program whose linker this host does not have there. Libraries name it without a
        // directory.
        let other = linker.replacen("/lib", "/not", 1);
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("program");
        let mut bytes = fs::read("/bin/sh").unwrap();
        let place = bytes
            .windows(linker.len())
            .position(|words| words == linker.as_bytes());
        let place = place.unwrap();
        bytes[place..place + linker.len()].copy_from_slice(other.as_bytes());
        fs::write(&program, bytes).unwrap();

        let root = dir.path().join("root");
        let found = || needs_with(&program, OsStr::new(""), |_| &root);
        let missing = found().unwrap_err().to_string();
        assert!(missing.contains(root.to_str().unwrap()), "{missing}");
        let own = root.join(other.trim_start_matches('/'));
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::copy(linker, &own).unwrap();
        let with_own: Vec<PathBuf> = [&[own], &host[1..]].concat();
        assert_eq!(found().unwrap(), with_own);
    }

    #[test]
    fn what_is_in_such_a_root_belongs_to_the_guests() {
        let place = |path: &str| place_in_guest(Path::new(path));
        let linker = "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1";
        assert_eq!(place(linker), Some("/lib/ld-linux-aarch64.so.1".into()));
        assert_eq!(place("/lib/x86_64-linux-gnu/libc.so.6"), None);
    }

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
