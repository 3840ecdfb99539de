//! The name of a kernel's directory in the directory of a run.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use images::Kernel;
use images::files::Hasher;

/// How long a name may be, in bytes: a file system takes 255, and there are suffixes.
const LONGEST: usize = 200;
/// How many bytes of the end of a longer name are kept.
const TAIL: usize = 100;

/// The name of a kernel's directory. No two kernels share one, since each machine
/// writes a console there.
pub(crate) fn dir_name(kernel: &Kernel) -> String {
    match kernel {
        Kernel::Catalogued(entry) => entry.name.replace('/', "_"),
        // A name of the catalogue has no underscore, and one of a path has more than that.
        Kernel::Vendored(kernel) => kernel.name().replace('/', "_"),
        Kernel::File(path) => of_path(path),
    }
}

/// `./a/b_c` becomes `a,b_c`, and `/a/b` becomes `,a,b`. Ambiguous bytes are escaped as
/// in a URL. A name of the catalogue has no comma.
fn of_path(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let here = bytes.strip_prefix(b"./");
    let mut name = String::new();
    // Distinguishes a file in this directory from a kernel of the catalogue.
    if here.is_some_and(|rest| !rest.contains(&b'/')) || !bytes.contains(&b'/') {
        name.push_str("here,,");
    }
    for &byte in here.unwrap_or(bytes) {
        match byte {
            b'/' => name.push(','),
            // A name must not begin with a dot, which would hide it or lead out.
            b'.' if name.is_empty() => name.push_str("%2E"),
            b'.' | b'_' | b'+' | b'-' | b'=' | b'@' | b':' => name.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => name.push(char::from(byte)),
            byte => {
                let _ = write!(name, "%{byte:02X}");
            }
        }
    }
    if name.len() > LONGEST {
        // Both are ASCII, so any byte is a boundary.
        let (digest, tail) = (&Hasher::of(bytes)[..32], &name[name.len() - TAIL..]);
        name = format!("{digest}~{tail}");
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn two_files_have_two_directories() {
        let long = |c: char| format!("/{}/{}", c.to_string().repeat(150), "d".repeat(150));
        let mut paths: Vec<PathBuf> = [
            "./a/b",
            "./a_b",
            "./a,b",
            "/a/b",
            "/a_b",
            "a//b",
            "../a/b",
            "./a%2Cb",
            "./6.1",
            "/6.1",
            "./here,,6.1",
            "./.",
            "./..",
            "./a b",
            "./a\nb",
            "./\u{e9}",
        ]
        .iter()
        .map(PathBuf::from)
        .collect();
        paths.extend([long('a'), long('b')].map(PathBuf::from));
        paths.push(PathBuf::from(OsStr::from_bytes(b"./\xff")));
        paths.push(PathBuf::from(OsStr::from_bytes(b"./\xfe")));
        let mut names = BTreeMap::new();
        for path in &paths {
            let name = dir_name(&Kernel::File(path.clone().into()));
            assert!(!name.starts_with('.') && !name.contains('/'), "{name}");
            assert!(!name.is_empty() && name.len() <= LONGEST, "{name}");
            assert!(
                name.contains([',', '%', '~']),
                "{name} may be of the catalogue"
            );
            if let Some(other) = names.insert(name, path) {
                panic!("{} and {}", path.display(), other.display());
            }
        }
    }

    #[test]
    fn the_usual_ones_can_be_read() {
        for (path, name) in [
            ("./arch/x86/boot/bzImage", "arch,x86,boot,bzImage"),
            ("/boot/vmlinuz-6.1.0_50", ",boot,vmlinuz-6.1.0_50"),
            ("./bzImage", "here,,bzImage"),
        ] {
            assert_eq!(of_path(Path::new(path)), name);
        }
    }
}
