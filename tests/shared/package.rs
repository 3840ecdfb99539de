//! Packages with kernels, or with something worse.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use tar::{EntryType, Header};

/// The compression of a package's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// `data.tar`.
    None,
    /// `data.tar.gz`.
    Gzip,
    /// `data.tar.xz`.
    Xz,
    /// `data.tar.zst`.
    Zstd,
}

/// A package to be.
#[derive(Clone, Debug)]
pub struct TestPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) depends: String,
    pub(crate) compression: Compression,
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) path: String,
    pub(crate) kind: EntryType,
    pub(crate) content: Vec<u8>,
    pub(crate) mode: u32,
    /// What the header says, where that is not the truth.
    pub(crate) claimed: Option<u64>,
}

/// Bytes with the marks of a kernel; different for every text.
#[must_use]
pub fn kernel_image(text: &str) -> Vec<u8> {
    let mut image = vec![0; 0x400];
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image.extend_from_slice(text.as_bytes());
    // Enough not to arrive in one piece, and not to be compressed to nothing.
    let mut state = 1_u32;
    image.extend((0..300_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    image
}

/// An EFI zboot image around a kernel that gzip has compressed, as
/// drivers/firmware/efi/libstub/zboot-header.S has it; `machine` is EFI's number of the
/// architecture.
///
/// # Panics
/// If the payload has 4 GiB or more.
#[must_use]
pub fn zboot_image(payload: &[u8], machine: u16) -> Vec<u8> {
    const PAYLOAD_AT: usize = 0x80;
    const HEADER_AT: usize = 0x40;
    let mut image = b"MZ\0\0zimg".to_vec();
    let length = u32::try_from(payload.len()).expect("a kernel");
    for word in [PAYLOAD_AT as u32, length, 0, 0] {
        image.extend(word.to_le_bytes());
    }
    image.extend(b"gzip\0");
    image.resize(0x3c, 0);
    image.extend((HEADER_AT as u32).to_le_bytes());
    image.extend(b"PE\0\0");
    image.extend(machine.to_le_bytes());
    image.resize(PAYLOAD_AT, 0);
    image.extend(payload);
    image
}

/// A kernel module: an ELF file with the section `.modinfo` alone, of texts `key=value`
/// with a NUL behind each.
#[must_use]
pub fn kernel_module(info: &str) -> Vec<u8> {
    let names = b"\0.shstrtab\0.modinfo\0";
    let info = info.as_bytes();
    let mut elf = vec![0; 64];
    elf[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    elf.extend(names);
    elf.extend(info);
    let sections = elf.len();
    let mut section = |name: u32, at: usize, size: usize| {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&name.to_le_bytes());
        header[24..32].copy_from_slice(&(at as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        elf.extend(header);
    };
    section(0, 0, 0);
    section(1, 64, names.len());
    section(11, 64 + names.len(), info.len());
    elf[40..48].copy_from_slice(&(sections as u64).to_le_bytes());
    // The size of a section's header, how many there are, and which has the names.
    elf[58..64].copy_from_slice(&[64, 0, 3, 0, 1, 0]);
    elf
}

impl TestPackage {
    /// A package without files.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            depends: "kmod".to_owned(),
            compression: Compression::Xz,
            members: Vec::new(),
        }
    }

    /// `linux-image-ABI-FLAVOUR` as of 2013, its image in `boot`.
    #[must_use]
    pub fn of_2013(release: &str, version: &str) -> Self {
        Self::new(&format!("linux-image-{release}"), version)
            .compression(Compression::Gzip)
            .file("./boot/System.map", b"0 D map")
            .file(&format!("./boot/vmlinuz-{release}"), &kernel_image(version))
    }

    /// `linux-binary-ABI-FLAVOUR` as of 2026, its image beside the modules.
    #[must_use]
    pub fn of_2026(release: &str, version: &str) -> Self {
        let path = format!("./usr/lib/modules/{release}/vmlinuz");
        Self::new(&format!("linux-binary-{release}"), version).file(&path, &kernel_image(version))
    }

    /// `linux-image-unsigned-RELEASE` of Ubuntu, its image in `boot`.
    #[must_use]
    pub fn of_ubuntu(release: &str, version: &str) -> Self {
        Self::new(&format!("linux-image-unsigned-{release}"), version)
            .compression(Compression::Zstd)
            .file(&format!("./boot/vmlinuz-{release}"), &kernel_image(version))
    }

    /// Sets the field `Depends`.
    #[must_use]
    pub fn depends(mut self, depends: &str) -> Self {
        self.depends = depends.to_owned();
        self
    }

    /// Sets how the data is compressed.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Adds a regular file; the path is written unchanged, even if it leads elsewhere.
    #[must_use]
    pub fn file(self, path: &str, content: &[u8]) -> Self {
        self.member(path, EntryType::Regular, content, None)
    }

    /// Adds a file that can be executed.
    #[must_use]
    pub fn program(self, path: &str, content: &[u8]) -> Self {
        let mut package = self.file(path, content);
        if let Some(program) = package.members.last_mut() {
            program.mode = 0o755;
        }
        package
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.special(path, EntryType::Symlink, target)
    }

    /// Adds something other than a regular file; a link leads to the target.
    #[must_use]
    pub fn special(self, path: &str, kind: EntryType, target: &str) -> Self {
        self.member(path, kind, target.as_bytes(), None)
    }

    /// Adds a regular file whose header claims another size.
    #[must_use]
    pub fn file_claiming(self, path: &str, content: &[u8], size: u64) -> Self {
        self.member(path, EntryType::Regular, content, Some(size))
    }

    fn member(mut self, path: &str, kind: EntryType, content: &[u8], claimed: Option<u64>) -> Self {
        self.members.push(Member {
            path: path.to_owned(),
            kind,
            content: content.to_vec(),
            mode: 0o644,
            claimed,
        });
        self
    }

    /// The bytes of the `.deb`.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let tar = self.tar();
        let (suffix, data) = match self.compression {
            Compression::None => ("", tar),
            Compression::Gzip => (".gz", gzip(&tar)),
            Compression::Xz => (".xz", xz(&tar)),
            Compression::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                (
                    ".zst",
                    ruzstd::encoding::compress_to_vec(tar.as_slice(), level),
                )
            }
        };
        let mut deb = ar::Builder::new(Vec::new());
        let data_name = format!("data.tar{suffix}");
        for (name, content) in [
            ("debian-binary", b"2.0\n".as_slice()),
            ("control.tar.gz", &gzip(&[0; 1024])),
            (&data_name, &data),
        ] {
            let header = ar::Header::new(name.as_bytes().to_vec(), content.len() as u64);
            deb.append(&header, content).expect("a package is written");
        }
        deb.into_inner().expect("a package is written")
    }

    /// The bytes of a package of Alpine: gzipped tar archives, one after another, of which
    /// the first has no end.
    #[must_use]
    pub fn apk(&self) -> Vec<u8> {
        let control = Self::new("", "").file(".PKGINFO", b"pkgname = linux-virt");
        let control = control.tar();
        [gzip(&control[..control.len() - 1024]), gzip(&self.tar())].concat()
    }

    /// The bytes of a package of Arch.
    #[must_use]
    pub fn arch(&self) -> Vec<u8> {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(self.tar().as_slice(), level)
    }

    /// Written by hand where a tar library would refuse the path.
    pub(crate) fn tar(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        for member in &self.members {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().expect("it is").name[..member.path.len()]
                .copy_from_slice(member.path.as_bytes());
            header.set_entry_type(member.kind);
            header.set_mode(member.mode);
            header.set_mtime(0);
            let regular = member.kind == EntryType::Regular;
            if !regular {
                header
                    .set_link_name_literal(&member.content)
                    .expect("a short target");
            }
            let content: &[u8] = if regular { &member.content } else { &[] };
            header.set_size(member.claimed.unwrap_or(content.len() as u64));
            header.set_cksum();
            tar.extend_from_slice(header.as_bytes());
            tar.extend_from_slice(content);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.extend_from_slice(&[0; 1024]);
        tar
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    finish(encoder.write_all(bytes), || encoder.finish())
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzEncoder::new(Vec::new(), 0);
    finish(encoder.write_all(bytes), || encoder.finish())
}

fn finish(written: io::Result<()>, end: impl FnOnce() -> io::Result<Vec<u8>>) -> Vec<u8> {
    written
        .and_then(|()| end())
        .expect("memory can be written to")
}
