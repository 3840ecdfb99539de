//! The libraries that a tool's files need.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use goblin::elf::Elf;
use guest::HOST;

use crate::tools::ToolName;
use crate::tools::file_list::FileList;

/// The libraries that a file names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Needs {
    libraries: Vec<String>,
    /// Directories that go before those of the loader's command line.
    first: Vec<String>,
}

/// A file that is no ELF file needs nothing.
fn needs(bytes: &[u8]) -> Needs {
    let Ok(elf) = Elf::parse(bytes) else {
        return Needs::default();
    };
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut libraries: Vec<String> = owned(&elf.libraries);
    let interpreter = elf.interpreter.and_then(|path| path.rsplit('/').next());
    libraries.extend(interpreter.map(str::to_owned));
    Needs {
        libraries,
        first: owned(&elf.rpaths),
    }
}

/// Whether a path is that of a file beside the shared libraries.
pub(crate) fn is_in_libraries(path: &str) -> bool {
    path.rsplit_once('/')
        .is_some_and(|(dir, _)| HOST.debian_libraries.contains(&dir))
}

/// The libraries that a tool's files need, and theirs, by path. The error names
/// what is not there.
pub(crate) fn needed(
    tool: ToolName,
    list: &FileList,
    root: impl Fn(&str) -> std::path::PathBuf,
) -> Result<BTreeSet<String>, String> {
    let mut reached = BTreeSet::new();
    let own = list.files().filter(|path| !is_in_libraries(path));
    let mut queue: Vec<String> = own.cloned().collect();
    let find = |name: &str| {
        let mut places = HOST
            .debian_libraries
            .iter()
            .map(|dir| format!("{dir}/{name}"));
        places.find_map(|place| Some(list.resolve(&place)?.to_owned()))
    };
    for name in tool.opened() {
        queue.push(find(name).ok_or_else(|| format!("no package has {name}"))?);
    }
    while let Some(path) = queue.pop() {
        if is_in_libraries(&path) && !reached.insert(path.clone()) {
            continue;
        }
        let file = root(&path);
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let needs = needs(&bytes);
        if let Some(dir) = needs.first.first() {
            return Err(format!("{path} looks for libraries in {dir} first"));
        }
        for name in needs.libraries {
            let found = find(&name);
            queue.push(found.ok_or_else(|| format!("{path} needs {name}, which is not there"))?);
        }
    }
    Ok(reached)
}

/// What is missing in a tree, if anything is.
pub(crate) fn missing(tool: ToolName, list: &FileList, root: &Path) -> Option<String> {
    needed(tool, list, |path| root.join(path)).err()
}
