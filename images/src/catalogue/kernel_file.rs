//! Kernels by path, and their names in reports.

use std::ops::Deref;
use std::path::{Component, Path, PathBuf};

/// The path of an image, a package or a directory of this machine that is a kernel (see
/// [`crate::LocalKernel`]), with a name for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFile {
    path: PathBuf,
    name: String,
}

impl KernelFile {
    /// Names each of several different paths by its end, as much of it as no other path has:
    /// `old/bzImage` and `new/bzImage`, but `vmlinux`.
    pub(crate) fn each(paths: Vec<PathBuf>) -> Vec<Self> {
        let name = |path: &PathBuf| {
            let longest = path.components().count();
            let is_own = |length: &usize| {
                let same = paths
                    .iter()
                    .filter(|it| end(it, *length) == end(path, *length));
                same.count() == 1
            };
            let length = (1..longest).find(is_own).unwrap_or(longest);
            named(&end(path, length))
        };
        let names: Vec<String> = paths.iter().map(name).collect();
        let both = paths.into_iter().zip(names);
        both.map(|(path, name)| Self { path, name }).collect()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl From<PathBuf> for KernelFile {
    fn from(path: PathBuf) -> Self {
        let name = named(&end(&path, 1));
        Self { path, name }
    }
}

impl Deref for KernelFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for KernelFile {
    fn as_ref(&self) -> &Path {
        self
    }
}

/// The last components of a path, as many as asked for.
fn end(path: &Path, components: usize) -> PathBuf {
    let mut end: Vec<Component<'_>> = path.components().rev().take(components).collect();
    end.reverse();
    end.iter().collect()
}

/// A path without what a terminal or a runner of GitHub would take for a command.
fn named(path: &Path) -> String {
    let name = guest::printable(&path.to_string_lossy());
    // A line that begins with two colons is a command to a runner of
    // GitHub, and so are these two characters anywhere in one.
    let command = if name.starts_with("::") { "./" } else { "" };
    format!("{command}{}", name.replace("##[", "##\u{FFFD}["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_gives_no_commands() {
        let name = |path: &str| KernelFile::from(PathBuf::from(path)).name;
        assert_eq!(name("/boot/vmlinuz-6.1"), "vmlinuz-6.1");
        assert_eq!(
            name("/k/a\n::b\u{1b}]0;c\u{202e}"),
            "a ::b\u{FFFD}]0;c\u{FFFD}"
        );
        assert_eq!(
            name("/k/::error::a##[error]b"),
            "./::error::a##\u{FFFD}[error]b"
        );
    }

    #[test]
    fn files_of_one_name_are_told_apart() {
        let paths = [
            "old/bzImage",
            "/k/new/bzImage",
            "new/bzImage",
            "bzImage",
            "new/vmlinux",
        ];
        let files = KernelFile::each(paths.map(PathBuf::from).to_vec());
        let names: Vec<&str> = files.iter().map(KernelFile::name).collect();
        let wanted = [
            "old/bzImage",
            "k/new/bzImage",
            "new/bzImage",
            "bzImage",
            "vmlinux",
        ];
        assert_eq!(names, wanted);
        assert_eq!(*files[1], *Path::new("/k/new/bzImage"));
    }
}
