//! Kernels of this machine: the image out of a package, and the modules that belong to it.

use std::path::PathBuf;

use crate::files::hash::Hasher;
use crate::local::{ImageAt, LocalKernel, banner, image_in, is_compressed, pack_modules};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::store::Store;
use crate::store::kept_file::{KeptFile, KeptFiles};

/// The image of a kernel on this machine, as a file.
#[derive(Clone, Debug)]
pub struct LocalImage {
    /// Where the image is, as it was built.
    pub path: PathBuf,
    /// What holds it there, if it was taken out of a package.
    pub held: Option<KeptFile>,
    /// The same kernel without its decompressor, if it was taken out of a package, or QEMU
    /// may not start it as it is, and it can be started so.
    pub unpacked: Option<KeptFile>,
}

/// Modules on this machine, as a file that a machine is given.
#[derive(Debug)]
pub enum LocalModules {
    /// Of packages; it is kept.
    Kept(KeptFile),
    /// Of directories, which may have others a moment later: its bytes.
    Made(Vec<u8>),
}

impl Store {
    /// The image of a kernel on this machine. That of a package is taken out once, and
    /// kept; the package's bytes say which it is.
    ///
    /// # Errors
    /// If the package is not as it should be, or there is no place for the image.
    pub fn local_image(
        &self,
        kernel: &LocalKernel,
        progress: &dyn Progress,
    ) -> Result<LocalImage, ObtainError> {
        let package = match &kernel.image {
            ImageAt::File(path) => {
                let reading = || format!("read {}", path.display());
                let unpacked = match is_compressed(path).attempt(reading)? {
                    // It would be read as a whole at each boot, for little.
                    false => None,
                    true => {
                        let (_, sha256) = Hasher::of_file(path).attempt(reading)?;
                        self.without_decompressor(path, &sha256, "")
                    }
                };
                return Ok(LocalImage {
                    path: path.clone(),
                    held: None,
                    unpacked,
                });
            }
            ImageAt::Package(package) => package,
        };
        let shown = package.display();
        let taking = || format!("take the kernel out of {shown}");
        let (all, of) = kept_of(&self.packaged, std::slice::from_ref(package), taking)?;
        let image = self.kept_or_made(all, &of, taking, || {
            progress.step(&format!("{shown}: taking out its kernel"));
            image_in(package).map_err(Into::into)
        })?;
        // What is kept was looked at when it was taken out, and is intact.
        let (_, sha256) = Hasher::of_file(&image.path).attempt(taking)?;
        let banner = banner(&image.path).unwrap_or_default();
        Ok(LocalImage {
            path: image.path.clone(),
            unpacked: self.without_decompressor(&image.path, &sha256, &banner),
            held: Some(image),
        })
    }

    /// The modules at paths of this machine: packages, directories such as
    /// `/lib/modules/6.1.0-50-amd64`, built kernel trees.
    ///
    /// # Errors
    /// If one cannot be read, or there are no modules in any of them.
    pub fn local_modules(
        &self,
        paths: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<LocalModules, ObtainError> {
        let shown: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let shown = shown.join(", ");
        let reading = || format!("read modules in {shown}");
        if paths.iter().any(|path| path.is_dir()) {
            let modules = pack_modules(paths).attempt(reading)?;
            return Ok(LocalModules::Made(modules));
        }
        let (all, of) = kept_of(&self.modules, paths, reading)?;
        let kept = self.kept_or_made(all, &of, reading, || {
            progress.step(&format!("{shown}: unpacking its modules"));
            pack_modules(paths)
        })?;
        Ok(LocalModules::Kept(kept))
    }

    /// The file that is made of something; made if it is not there.
    fn kept_or_made(
        &self,
        all: &KeptFiles,
        of: &str,
        action: impl Fn() -> String,
        make: impl FnOnce() -> std::io::Result<Vec<u8>>,
    ) -> Result<KeptFile, ObtainError> {
        if let Some(there) = all.find(of, &self.cache.verified) {
            return Ok(there);
        }
        all.keep(of, &make().attempt(&action)?).attempt(&action)?;
        all.find(of, &self.cache.verified).ok_or_else(|| {
            let why = "what was made of the package was altered as soon as it was kept";
            ObtainError::unavailable(why.to_owned())
        })
    }
}

/// Where what is made of packages is kept, and under which name: their bytes say.
fn kept_of<'a>(
    all: &'a Option<KeptFiles>,
    packages: &[PathBuf],
    action: impl Fn() -> String,
) -> Result<(&'a KeptFiles, String), ObtainError> {
    let Some(all) = all else {
        let why = "there is no directory for what is taken out of packages";
        return Err(ObtainError::unavailable(why.to_owned()));
    };
    let hash = |package: &PathBuf| Hasher::of_file(package).map(|(_, hash)| hash);
    let hashes: std::io::Result<Vec<String>> = packages.iter().map(hash).collect();
    Ok((
        all,
        Hasher::of(hashes.attempt(&action)?.concat().as_bytes()),
    ))
}
