//! Paths: the way along one, through symbolic links, and their names.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::BadRequest;

/// How many symbolic links the kernel follows in a path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Walks a path from the root. `look` is given each path on the way, and whether it is the
/// last; it returns the target of a link, which is followed.
pub(super) fn walk(
    path: &Path,
    mut look: impl FnMut(&Path, bool) -> Result<Option<PathBuf>, BadRequest>,
) -> Result<PathBuf, BadRequest> {
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
            let path = path.display();
            return Err(BadRequest::new(format!("{path}: too many symbolic links")));
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
fn names(path: &Path) -> VecDeque<OsString> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

/// The name under which a file travels.
pub(super) fn utf8(path: &Path) -> Result<&str, BadRequest> {
    path.to_str().ok_or_else(|| {
        let path = path.display();
        BadRequest::new(format!(
            "{path}: a file that travels has a name in UTF-8: give it one"
        ))
    })
}
