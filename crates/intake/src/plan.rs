//! Which files are read, in which order, and what is only reported. Nothing that is no file is opened.

use std::{
    fs::{self, FileType, Metadata},
    io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use crate::{Options, name};

/// How deep folders are followed.
const DEPTH_MAX: usize = 64;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// Name of its source.
    pub source: String,
    /// The host that its folder is named after.
    pub host: Option<String>,
    /// Its size on disk, in bytes.
    pub bytes: u64,
    /// Folders and name below what was given; what its members are named after, if it is an archive.
    pub(crate) parts: Vec<String>,
    /// Where its bytes lie, if it is a member of an archive.
    pub(crate) laid: Option<PathBuf>,
}

impl Input {
    /// A file whose source is known already.
    pub fn new(path: PathBuf, source: String, host: Option<String>) -> Input {
        let bytes = fs::symlink_metadata(&path).map_or(0, |m| m.len());
        Input { parts: name::parts(&path), path, source, host, bytes, laid: None }
    }

    /// A member of this archive.
    pub(crate) fn member(&self, member: &[String], laid: &Path, options: &Options) -> Input {
        let path = self.path.join(member.iter().collect::<PathBuf>());
        let stem = self.parts.last().map(|f| name::unpacked(f)).filter(|s| !s.is_empty() && !name::is_generic(s));
        let folders = self.parts.split_last().map(|(_, folders)| folders).unwrap_or_default();
        let parts: Vec<String> = folders.iter().cloned().chain(stem.clone()).chain(member.iter().cloned()).collect();
        let own = name::host(member).or_else(|| name::host(&[folders, member].concat()));
        // An archive of one machine is named after it, and holds the machine's folders.
        let rooted = member.len() > 1 && member.iter().rev().skip(1).all(|f| name::is_generic(f));
        let host = options.host.clone().or(own).or_else(|| stem.filter(|_| rooted));
        let source = options.source.clone().unwrap_or_else(|| name::source(&parts));
        let bytes = fs::symlink_metadata(laid).map_or(0, |m| m.len());
        Input { path, source, host, bytes, parts, laid: Some(laid.to_owned()) }
    }

    /// Where its bytes lie.
    pub(crate) fn place(&self) -> &Path {
        self.laid.as_deref().unwrap_or(&self.path)
    }
}

/// Something that is not read.
#[derive(Debug)]
pub struct Skipped {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub why: Why,
}

/// Why something is not read.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// A symbolic link found in a folder.
    #[error("a symbolic link; name its target to have it read")]
    Symlink,
    /// A named pipe.
    #[error("a named pipe")]
    Fifo,
    /// A socket.
    #[error("a socket")]
    Socket,
    /// A device.
    #[error("a device")]
    Device,
    /// A file that the kernel makes up: /proc, /sys and the like.
    #[error("a file of the kernel's")]
    Kernel,
    /// The store itself.
    #[error("the store itself")]
    Store,
    /// Below too many folders.
    #[error("below more than {DEPTH_MAX} folders")]
    Deep,
    /// A member of an archive that has a password.
    #[error("encrypted; unpack it with its password first")]
    Encrypted,
    /// A member of an archive that is compressed in a way that is not read.
    #[error("compressed by {0}, which is not read; unpack it first")]
    Method(String),
    /// The system refused.
    #[error("cannot be read")]
    Io(#[source] io::Error),
}

impl Why {
    /// Whether something that might hold records could not be looked at; then the exit code is not 0.
    pub fn incomplete(&self) -> bool {
        matches!(self, Why::Io(_) | Why::Deep | Why::Encrypted | Why::Method(_))
    }
}

/// Lists what is to be read, the files of one log from the oldest to the newest, and what is not.
/// Symbolic links are followed where they are named, never where they are found.
pub fn plan(paths: &[PathBuf], options: &Options) -> (Vec<Input>, Vec<Skipped>) {
    let except = options.except.iter().filter_map(|p| fs::canonicalize(p).ok()).collect();
    let mut walk = Walk { except, found: Vec::new(), skipped: Vec::new() };
    for (root, path) in paths.iter().enumerate() {
        match fs::canonicalize(path).and_then(|real| Ok((fs::symlink_metadata(&real)?, real))) {
            Ok((about, real)) if about.is_dir() => walk.folder(root, path, &real, Path::new(""), 0),
            Ok((about, real)) => walk.item(root, path, &real, &about, &own_parts(path)),
            Err(e) => walk.skip(path, Why::Io(e)),
        }
    }
    let several = several_roots(&walk.found);
    let inputs = walk.found.into_iter().map(|f| f.input(paths, &several, options)).collect::<Vec<_>>();
    (in_order(inputs), walk.skipped)
}

/// The files of one source together, oldest first; sources in order of their names. A file named twice is read once.
fn in_order(mut inputs: Vec<Input>) -> Vec<Input> {
    let key = |i: &Input| {
        let file = i.path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        (i.source.clone(), name::rotation(&file).1, i.path.clone())
    };
    inputs.sort_by_cached_key(key);
    inputs.dedup_by(|a, b| a.path == b.path);
    inputs
}

/// A file and where it was found.
struct Found {
    path: PathBuf,
    /// Index of the path that was given.
    root: usize,
    parts: Vec<String>,
    bytes: u64,
}

impl Found {
    fn input(self, roots: &[PathBuf], several: &[String], options: &Options) -> Input {
        let mut source = name::source(&self.parts);
        if several.contains(&source)
            && let Some(root) = roots.get(self.root).and_then(|r| r.file_name())
        {
            source = name::source(&[name::parts(Path::new(root)), self.parts.clone()].concat());
        }
        let source = options.source.clone().unwrap_or(source);
        let host = options.host.clone().or_else(|| name::host(&self.parts));
        Input { path: self.path, source, host, bytes: self.bytes, parts: self.parts, laid: None }
    }
}

/// Names that more than one of the given paths has: `web-1/` and `web-2/` given by themselves are two logs.
fn several_roots(found: &[Found]) -> Vec<String> {
    let mut names = found.iter().map(|f| (name::source(&f.parts), f.root)).filter(|(n, _)| !n.starts_with("cloudtrail/")).collect::<Vec<_>>();
    names.sort();
    names.dedup();
    let twice = names.windows(2).filter_map(|w| match w {
        [(a, _), (b, _)] if a == b => Some(a.clone()),
        _ => None,
    });
    twice.collect()
}

/// A file that was given by itself is named after its folder too, unless that says nothing.
fn own_parts(path: &Path) -> Vec<String> {
    let all = name::parts(path);
    let folder = all.len().checked_sub(2).and_then(|i| all.get(i)).filter(|f| !name::is_generic(f));
    folder.into_iter().chain(all.last()).cloned().collect()
}

struct Walk {
    except: Vec<PathBuf>,
    found: Vec<Found>,
    skipped: Vec<Skipped>,
}

impl Walk {
    fn folder(&mut self, root: usize, shown: &Path, real: &Path, below: &Path, depth: usize) {
        if self.except.iter().any(|e| e == real) {
            return self.skip(shown, Why::Store);
        }
        if depth > DEPTH_MAX {
            return self.skip(shown, Why::Deep);
        }
        if is_kernel(real) {
            return self.skip(shown, Why::Kernel);
        }
        let items = fs::read_dir(real).and_then(|items| items.map(|i| i.map(|i| i.file_name())).collect::<io::Result<Vec<_>>>());
        let mut names = match items {
            Ok(names) => names,
            Err(e) => return self.skip(shown, Why::Io(e)),
        };
        names.sort();
        for name in names {
            let (shown, real, below) = (shown.join(&name), real.join(&name), below.join(&name));
            match fs::symlink_metadata(&real) {
                Ok(about) if about.is_dir() => self.folder(root, &shown, &real, &below, depth + 1),
                Ok(about) => self.item(root, &shown, &real, &about, &name::parts(&below)),
                Err(e) => self.skip(&shown, Why::Io(e)),
            }
        }
    }

    fn item(&mut self, root: usize, shown: &Path, real: &Path, about: &Metadata, parts: &[String]) {
        let why = match special(about.file_type()) {
            None if self.except.iter().any(|e| e == real) => Some(Why::Store),
            // Files of the kernel have no size and no blocks; only for those the file system is asked.
            None if about.blocks() == 0 && is_kernel(real) => Some(Why::Kernel),
            special => special,
        };
        match why {
            Some(why) => self.skip(shown, why),
            None => self.found.push(Found { path: real.to_owned(), root, parts: parts.to_vec(), bytes: about.len() }),
        }
    }

    fn skip(&mut self, path: &Path, why: Why) {
        self.skipped.push(Skipped { path: path.to_owned(), why });
    }
}

fn special(kind: FileType) -> Option<Why> {
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some(Why::Symlink)
    } else if kind.is_fifo() {
        Some(Why::Fifo)
    } else if kind.is_socket() {
        Some(Why::Socket)
    } else {
        Some(Why::Device)
    }
}

/// Whether a path lies in a file system that the kernel makes up (numbers: linux/magic.h).
fn is_kernel(path: &Path) -> bool {
    const KERNEL: [i64; 8] = [
        0x9FA0,      // proc
        0x6265_6572, // sysfs
        0x6462_6720, // debugfs
        0x7472_6163, // tracefs
        0x0027_E0EB, // cgroup
        0x6367_7270, // cgroup2
        0x1CD1,      // devpts
        0xCAFE_4A11, // bpf
    ];
    rustix::fs::statfs(path).is_ok_and(|s| KERNEL.contains(&s.f_type))
}
