//! A room uses only rooms below it.
//!
//! A room is a folder or a file directly in a crate's `src`. Each crate lists its rooms
//! from bottom to top; a path in the code that leads from a room to one above it is a
//! fault, and so is one that goes through the re-exports of the crate's root, which are
//! for other crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The folders of crates, beside one another, and their rooms from bottom to top.
const CRATES: &[(&str, &[&str])] = &[
    (
        "guest",
        &[
            "arch",
            "processor",
            "concat",
            "pci_memory",
            "printable",
            "claims",
            "protocol",
            "modprobe",
            "probe",
            "scenarios",
            "faults",
            "pid1",
            "native",
            "fuzzing",
        ],
    ),
    (
        "images",
        &[
            "parallel",
            "files",
            "messages",
            "cpio",
            "http",
            "kernel_image",
            "kernel_modules",
            "package",
            "root_files",
            "debian",
            "rpm",
            "local",
            "sources",
            "catalogue",
            "tools",
            "store",
            "fuzzing",
        ],
    ),
    (
        "harness",
        &[
            "system",
            "results",
            "machine",
            "payload",
            "kernels",
            "scenarios",
            "programs",
            "bisect",
            "report",
        ],
    ),
];

#[test]
fn rooms_use_only_rooms_below_them() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut faults = Vec::new();
    for (name, rooms) in CRATES {
        let src = workspace.join(name).join("src");
        let mut files = Vec::new();
        read(&src, &src, &mut files);
        assert!(files.len() > rooms.len(), "{name} has few files");
        let prefix = |fault| format!("{name}/src/{fault}");
        faults.extend(faults_of(rooms, &files).into_iter().map(prefix));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The Rust files below a folder: each with its path in `src` and its text.
fn read(src: &Path, dir: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(src, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

type Names = Vec<String>;

/// A path that the code names.
struct Named {
    line: usize,
    /// The module where it is named.
    module: Names,
    path: Names,
    /// The name that it has there from then on, where it is imported.
    import: Option<String>,
}

/// The modules and macros of a crate, and the names that are imported.
#[derive(Default)]
struct Crate {
    modules: BTreeSet<Names>,
    macros: BTreeSet<String>,
    imports: BTreeMap<(Names, String), Names>,
}

fn faults_of(rooms: &[&str], files: &[(String, String)]) -> Vec<String> {
    let mut all = Crate::default();
    let mut named: Vec<(&str, Vec<Named>)> = Vec::new();
    for (file, text) in files {
        let module = module_of(file);
        let paths = all.parse(&module, text);
        named.push((file, paths));
    }
    for import in named.iter().flat_map(|(_, paths)| paths) {
        if let (Some(name), Some(path)) = (&import.import, all.absolute(import)) {
            let at = (import.module.clone(), name.clone());
            all.imports.insert(at, path);
        }
    }
    let mut faults = Vec::new();
    for (file, paths) in &named {
        // The root names rooms for other crates.
        let Some(room) = module_of(file).into_iter().next() else {
            continue;
        };
        let Some(rank) = rooms.iter().position(|known| *known == room) else {
            faults.push(format!("{file}: room {room} has no place in the order"));
            continue;
        };
        for path in paths {
            let Some(absolute) = all.absolute(path) else {
                continue;
            };
            let at = format!("{file}:{}: room {room}", path.line);
            let written = path.path.join("::");
            // The root is where exported macros are.
            let is_macro = absolute.len() == 1 && all.macros.contains(&absolute[0]);
            if !is_macro && !all.modules.contains(&absolute[..1]) {
                faults.push(format!(
                    "{at} uses {written} through the root: name its room"
                ));
            }
            // The room that is named, and the one that is meant.
            let meant = all.resolve(&absolute, 0);
            let mut used = [absolute.first(), meant.first()].into_iter().flatten();
            let above = |other: &&String| {
                let rank_of_other = rooms.iter().position(|known| known == other);
                rank_of_other.is_some_and(|other| other > rank)
            };
            if let Some(above) = used.rfind(above) {
                faults.push(format!("{at} uses room {above} above it ({written})"));
            }
        }
    }
    faults
}

/// `machine/qemu/mod.rs` is the module `machine::qemu`.
fn module_of(file: &str) -> Names {
    let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
    match file {
        "lib" | "main" => Vec::new(),
        file => file.split('/').map(str::to_owned).collect(),
    }
}

impl Crate {
    /// Takes the modules and macros of a file, and returns the paths that it names.
    fn parse(&mut self, module: &Names, text: &str) -> Vec<Named> {
        let tokens = tokens(text);
        let at = |index: usize| tokens.get(index).map_or("", |(_, token)| token.as_str());
        self.modules.insert(module.clone());
        let mut paths = Vec::new();
        // The module, and at which depths of braces inner ones began.
        let (mut here, mut depth, mut began) = (module.clone(), 0, Vec::new());
        let mut index = 0;
        while index < tokens.len() {
            let line = tokens[index].0;
            match at(index) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if began.last() == Some(&depth) {
                        began.pop();
                        here.pop();
                    }
                }
                "mod" if at(index + 2) == "{" => {
                    here.push(at(index + 1).to_owned());
                    self.modules.insert(here.clone());
                    began.push(depth);
                }
                "macro_rules" => {
                    self.macros.insert(at(index + 2).to_owned());
                }
                // Not the `use<>` of a type.
                "use" if at(index + 1) != "<" => {
                    let mut found = Vec::new();
                    index = tree(&at, index + 1, &[], &mut found);
                    paths.extend(found.into_iter().map(|(path, import)| Named {
                        line,
                        module: here.clone(),
                        path,
                        import,
                    }));
                }
                // A macro's `$crate` is for those who use the macro.
                "crate" | "super" if at(index + 1) == "::" && at(index.wrapping_sub(1)) != "$" => {
                    let mut path = vec![at(index).to_owned()];
                    while at(index + 1) == "::" && is_name(at(index + 2)) {
                        path.push(at(index + 2).to_owned());
                        index += 2;
                    }
                    // A macro that is called is at the root.
                    if at(index + 1) != "!" {
                        paths.push(Named {
                            line,
                            module: here.clone(),
                            path,
                            import: None,
                        });
                    }
                }
                _ => {}
            }
            index += 1;
        }
        paths
    }

    /// A path from the root of the crate; none for what is of another crate.
    fn absolute(&self, named: &Named) -> Option<Names> {
        let mut module = named.module.clone();
        let mut path = named.path.as_slice();
        match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()).filter(|path| !path.is_empty()),
            "super" => {
                while path.first().is_some_and(|name| name == "super") {
                    module.pop();
                    path = &path[1..];
                }
            }
            "self" => path = &path[1..],
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                if !self.modules.contains(&child) {
                    return None;
                }
            }
        }
        Some([module.as_slice(), path].concat()).filter(|path| !path.is_empty())
    }

    /// The module that holds what a path means, imports followed.
    fn resolve(&self, path: &[String], depth: usize) -> Names {
        assert!(depth < 20, "{path:?} leads in a circle");
        let mut here = Vec::new();
        for (index, name) in path.iter().enumerate() {
            let child = [here.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains(&child) {
                here = child;
            } else if let Some(target) = self.imports.get(&(here.clone(), name.clone())) {
                let whole = [target.as_slice(), &path[index + 1..]].concat();
                return self.resolve(&whole, depth + 1);
            } else {
                break;
            }
        }
        here
    }
}

/// Reads one tree of a `use`: each path with the name that it is imported by. Gives the
/// index behind the tree.
fn tree<'a>(
    at: &impl Fn(usize) -> &'a str,
    mut index: usize,
    prefix: &[String],
    found: &mut Vec<(Names, Option<String>)>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match at(index) {
            "{" => {
                while at(index) != "}" {
                    index = tree(at, index + 1, &path, found);
                }
                return index + 1;
            }
            "*" => {
                found.push((path, None));
                return index + 1;
            }
            "self" if !path.is_empty() => {}
            name if is_name(name) => path.push(name.to_owned()),
            // A comma before the closing brace.
            _ => return index,
        }
        match at(index + 1) {
            "::" => index += 2,
            "as" => {
                found.push((path, Some(at(index + 2).to_owned())));
                return index + 3;
            }
            _ => {
                let name = path.last().cloned();
                found.push((path, name));
                return index + 1;
            }
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single characters with their lines, without comments and literals.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let name = &rest[..name.unwrap_or(rest.len())];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = literal(rest) {
            length
        } else if rest.starts_with("::") {
            tokens.push((line, "::".to_owned()));
            2
        } else if !name.is_empty() {
            tokens.push((line, name.to_owned()));
            name.len()
        } else {
            if !first.is_whitespace() {
                tokens.push((line, first.to_string()));
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string or character that a text begins with, if it does.
fn literal(text: &str) -> Option<usize> {
    let inside = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - inside.len();
    if let Some(raw) = inside.strip_prefix('r')
        && prefix < 2
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &raw[hashes + 1..];
            let length = body.find(&end).map_or(body.len(), |at| at + end.len());
            return Some(prefix + 1 + hashes + 1 + length);
        }
    }
    let quote = inside
        .chars()
        .next()
        .filter(|c| prefix < 2 && "\"'".contains(*c))?;
    let mut characters = inside.char_indices().skip(1);
    let (_, second) = characters.next()?;
    if quote == '\'' && second != '\\' {
        // Otherwise it is a lifetime.
        let (at, third) = characters.next()?;
        return (third == '\'').then_some(prefix + at + 1);
    }
    let mut characters = inside.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            c if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    None
}

/// The faults of a crate with the rooms `low`, `middle` and `high`, and these files.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = BTreeMap::from([
        (
            "lib.rs",
            "mod high; mod low; mod middle; pub use high::Roof;",
        ),
        ("high.rs", "pub struct Roof;"),
        ("low/mod.rs", "mod stone; pub use stone::Stone;"),
        ("low/stone.rs", "pub struct Stone;"),
        ("middle.rs", "pub struct Wall;"),
    ]);
    all.extend(files.iter().copied());
    let own = |(file, text): (&str, &str)| (file.to_owned(), text.to_owned());
    let files: Vec<(String, String)> = all.into_iter().map(own).collect();
    faults_of(&["low", "middle", "high"], &files)
}

#[test]
fn arrows_that_point_down_are_fine() {
    let high = "use crate::low::Stone;\nuse crate::{low::{self, Stone as Rock}, middle::*};\n\
                fn build(_: crate::middle::Wall, _: super::low::Stone) {}";
    let stone =
        "pub struct Stone; use super::Stone as Same; use std::fmt; mod crack { use super::*; }";
    assert_eq!(
        faults(&[("high.rs", high), ("low/stone.rs", stone)]),
        [""; 0]
    );
}

#[test]
fn an_import_that_is_turned_round_is_a_fault() {
    for text in [
        "\nuse crate::high::Roof;",
        "\nuse crate::{low::Stone, high::Roof as Top};",
        "\npub use crate::high;",
        "\nuse super::high::*;",
        "\nfn build(_: crate::high::Roof) {}",
        "\nfn build() -> super::high::Roof { todo!() }",
        "\n#[cfg(test)] mod tests { use super::super::high::Roof; }",
    ] {
        let faults = faults(&[("middle.rs", text)]);
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        let expected = "middle.rs:2: room middle uses room high above it";
        assert!(faults[0].starts_with(expected), "{}", faults[0]);
    }
    let deep = faults(&[(
        "low/stone.rs",
        "pub struct Stone;\nuse super::super::middle::Wall;",
    )]);
    assert_eq!(
        deep,
        ["low/stone.rs:2: room low uses room middle above it (super::super::middle::Wall)"]
    );
}

#[test]
fn a_re_export_hides_no_arrow() {
    let root = faults(&[("low/stone.rs", "pub struct Stone; use crate::Roof;")]);
    assert_eq!(
        root,
        [
            "low/stone.rs:1: room low uses crate::Roof through the root: name its room",
            "low/stone.rs:1: room low uses room high above it (crate::Roof)",
        ]
    );
    let room = faults(&[
        ("middle.rs", "pub use crate::high::Roof;"),
        (
            "low/stone.rs",
            "pub struct Stone; fn f() { crate::middle::Roof; }",
        ),
    ]);
    assert_eq!(
        room,
        [
            "low/stone.rs:1: room low uses room high above it (crate::middle::Roof)",
            "middle.rs:1: room middle uses room high above it (crate::high::Roof)",
        ]
    );
    // It would be below, but is taken from above.
    let detour = faults(&[
        ("high.rs", "pub struct Roof; pub use crate::low::Stone;"),
        ("middle.rs", "use crate::high::Stone;"),
    ]);
    assert_eq!(
        detour,
        ["middle.rs:1: room middle uses room high above it (crate::high::Stone)"]
    );
}

#[test]
fn a_room_without_a_place_is_a_fault() {
    let faults = faults(&[("cellar.rs", "")]);
    assert_eq!(faults, ["cellar.rs: room cellar has no place in the order"]);
}

#[test]
fn words_and_macros_are_no_arrows() {
    let text = "// use crate::high::Roof;\n/// [`crate::high::Roof`]\n\
                const A: &str = \"use crate::high::Roof;\"; const B: char = '\"';\n\
                const C: &str = r#\"\"crate::high::Roof\"#; const D: &[u8] = b\"crate::high\\\"\";\n\
                fn f<'a>(_: &'a str) -> impl Ord + use<'a> { crate::roof!() }\n\
                macro_rules! wall { () => {}; } use crate::wall;\n\
                pub(crate) fn g() {} pub(in crate::middle) fn h() {}";
    assert_eq!(faults(&[("middle.rs", text)]), [""; 0]);
}
