//! The way along a path, in a tree of files that need not be this machine's.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// How many symbolic links the kernel follows in a path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Walks a path from the root of a tree, which no link leads out of. `look` is given each
/// path on the way, and whether it is the last; it returns the target of a link, which is
/// followed.
///
/// # Errors
/// Those of `look`; `endless` makes the one for a link beyond those that the kernel follows.
pub fn walk<E>(
    path: &Path,
    mut look: impl FnMut(&Path, bool) -> Result<Option<PathBuf>, E>,
    endless: impl FnOnce(&Path) -> E,
) -> Result<PathBuf, E> {
    let mut here = PathBuf::from("/");
    let mut ahead = names(path);
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let Some(target) = look(&next, ahead.is_empty())? else {
            here = next;
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            return Err(endless(&next));
        }
        if target.is_absolute() {
            here = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            ahead.push_front(name);
        }
    }
    Ok(here)
}

/// The names in a path, without `/` and `.`.
pub(crate) fn names(path: &Path) -> VecDeque<OsString> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}
