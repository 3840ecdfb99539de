//! Whole files: retried, resumed, and not believed until their hash is right.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache;
use crate::error::{Attempt, ObtainError};
use crate::hash::Hasher;
use crate::http::{Answer, Client, FetchError};
use crate::progress::Progress;
use crate::release::FileSum;

/// Tries of one file that bring nothing new.
const TRIES: u32 = 4;
/// Before the second try; doubled for each further one.
const BACKOFF: Duration = Duration::from_millis(500);
/// Slower than this, in bytes a second, is as good as not at all: 30 MB would take
/// more than eight hours.
const SLOWEST: u64 = 1000;
/// A server that wants to be left alone for longer is given up.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Downloads a small file whose hash nobody knows yet; `None` where the host
/// has no such file. One that came without its length, and is not whole, is asked
/// for again; what never is whole is given as it came.
pub(crate) fn fetch_small(
    client: &Client,
    url: &str,
    limit: u64,
    is_whole: &dyn Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, ObtainError> {
    let mut retries = Retries::new(url);
    let patience = Patience::new(client, url.rsplit('/').next().unwrap_or(url));
    loop {
        let mut came = None;
        let error = match client.get(url, 0) {
            Ok(answer) => {
                let promised = answer.total.is_some();
                match read_small(answer, limit, &patience) {
                    Ok(bytes) if bytes.len() as u64 > limit => {
                        let limit = format!("at most {limit} bytes");
                        return Err(ObtainError::verification(url, limit, "more"));
                    }
                    Ok(bytes) if promised || is_whole(&bytes) => return Ok(Some(bytes)),
                    Ok(bytes) => {
                        came = Some(bytes);
                        FetchError::Passing("the transfer broke off".into(), None)
                    }
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        if retries.left == 0 && came.is_some() {
            return Ok(came);
        }
        if retries.after(client, error)?.is_none() {
            return Ok(None);
        }
    }
}

/// The whole file, or one byte more than it may have.
fn read_small(
    mut answer: Answer,
    limit: u64,
    patience: &Patience<'_>,
) -> Result<Vec<u8>, FetchError> {
    patience.begin();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let mut body = answer.body.by_ref().take(limit + 1);
    loop {
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                bytes.extend(&buffer[..read]);
                patience.is_over(read)?;
            }
            Err(error) => return Err(FetchError::Passing(broke_off(&error), None)),
        }
    }
    let have = bytes.len() as u64;
    if have <= limit && answer.total.is_some_and(|total| total != have) {
        return Err(FetchError::Passing("the transfer broke off".into(), None));
    }
    Ok(bytes)
}

/// Downloads a file into `dir`, under the name of its hash, and verifies it;
/// `None` where the host has no such file. What an earlier run left there is
/// continued. The caller holds a lock, so that nobody else writes to it.
pub(crate) fn fetch_file(
    client: &Client,
    url: &str,
    sum: &FileSum,
    dir: &Path,
    progress: &dyn Progress,
) -> Result<Option<PathBuf>, ObtainError> {
    fs::create_dir_all(dir).attempt(|| format!("create {}", dir.display()))?;
    let path = dir.join(&sum.sha256);
    let name = sum.path.rsplit('/').next().unwrap_or(&sum.path);
    let transfer = Transfer {
        url,
        sum,
        name,
        path: &path,
        patience: Patience::new(client, name),
        progress,
    };
    let found = transfer.run(client);
    progress.finished(name);
    if let Err(ObtainError::Verification { .. }) = &found {
        // Nothing of it stays; if it cannot be removed it is refused next time, too.
        let _ = fs::remove_file(&path);
    }
    Ok(found?.then_some(path))
}

struct Transfer<'a> {
    url: &'a str,
    sum: &'a FileSum,
    /// For people.
    name: &'a str,
    path: &'a Path,
    patience: Patience<'a>,
    progress: &'a dyn Progress,
}

impl Transfer<'_> {
    /// Whether the host had the file, which then is at its path and is right.
    fn run(&self, client: &Client) -> Result<bool, ObtainError> {
        let file = cache::open(self.path);
        let mut file = file.attempt(|| format!("write {}", self.path.display()))?;
        let mut retries = Retries::new(self.url);
        // Of bytes from an earlier try or run, nobody knows whose they are.
        let mut pure = false;
        let mut restarted = false;
        loop {
            let have = self.length(&file)?;
            if have == self.sum.size {
                let (_, found) = Hasher::of_file(self.path)
                    .attempt(|| format!("read {}", self.path.display()))?;
                if found == self.sum.sha256 {
                    return Ok(true);
                }
                if pure || restarted {
                    return Err(self.wrong(&format!("SHA-256 {}", self.sum.sha256), &found));
                }
                self.empty(&file)?;
                restarted = true;
                continue;
            }
            let error = match client.get(self.url, have) {
                Ok(answer) => {
                    pure = answer.start == 0;
                    match self.receive(answer, &mut file)? {
                        None => continue,
                        Some(error) => error,
                    }
                }
                Err(error) => error,
            };
            let (before, after) = (have, self.length(&file)?);
            if after > before {
                retries.reset();
            }
            if retries.after(client, error)?.is_none() {
                let _ = fs::remove_file(self.path);
                return Ok(false);
            }
        }
    }

    /// Writes what comes; an error is one that may pass.
    fn receive(
        &self,
        mut answer: Answer,
        file: &mut File,
    ) -> Result<Option<FetchError>, ObtainError> {
        let expected = format!("{} bytes", self.sum.size);
        if let Some(total) = answer.total.filter(|total| *total != self.sum.size) {
            return Err(self.wrong(&expected, &format!("{total} bytes")));
        }
        let action = || format!("write {}", self.path.display());
        let mut have = answer.start.min(self.length(file)?);
        file.set_len(have).attempt(action)?;
        file.seek(SeekFrom::Start(have)).attempt(action)?;
        if have != answer.start {
            return Ok(Some(FetchError::Passing(
                "another part than asked for".to_owned(),
                None,
            )));
        }
        self.patience.begin();
        self.progress.started(self.name, Some(self.sum.size));
        self.progress.advanced(self.name, have);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match answer.body.read(&mut buffer) {
                Ok(0) if have == self.sum.size => return Ok(None),
                // Without a length that was promised, too: what is there is less than
                // the signed index says, and the rest may come.
                Ok(0) => {
                    return Ok(Some(FetchError::Passing(
                        "the transfer broke off".into(),
                        None,
                    )));
                }
                Ok(read) => read,
                Err(error) => return Ok(Some(FetchError::Passing(broke_off(&error), None))),
            };
            have += read as u64;
            if have > self.sum.size {
                return Err(self.wrong(&expected, "more"));
            }
            file.write_all(&buffer[..read]).attempt(action)?;
            self.progress.advanced(self.name, read as u64);
            if let Err(error) = self.patience.is_over(read) {
                return Ok(Some(error));
            }
        }
    }

    fn length(&self, file: &File) -> Result<u64, ObtainError> {
        let metadata = file
            .metadata()
            .attempt(|| format!("read {}", self.path.display()))?;
        if metadata.len() > self.sum.size {
            self.empty(file)?;
            return Ok(0);
        }
        Ok(metadata.len())
    }

    fn empty(&self, file: &File) -> Result<(), ObtainError> {
        file.set_len(0)
            .attempt(|| format!("empty {}", self.path.display()))
    }

    fn wrong(&self, expected: &str, found: &str) -> ObtainError {
        ObtainError::verification(self.url, expected, found)
    }
}

fn broke_off(error: &std::io::Error) -> String {
    format!("the transfer broke off ({error})")
}

/// For one file, over all tries.
struct Patience<'a> {
    /// For people.
    name: &'a str,
    begun: Instant,
    limit: Duration,
    /// The time over which a rate is taken.
    window: Duration,
    /// When the last one began, and the bytes that have come since.
    since: Cell<(Instant, u64)>,
}

impl<'a> Patience<'a> {
    fn new(client: &Client, name: &'a str) -> Self {
        Self {
            name,
            begun: Instant::now(),
            limit: client.deadline(),
            window: client.window(),
            since: Cell::new((Instant::now(), 0)),
        }
    }

    /// What comes after a pause is measured from here.
    fn begin(&self) {
        self.since.set((Instant::now(), 0));
    }

    /// So many bytes have come.
    fn is_over(&self, more: usize) -> Result<(), FetchError> {
        let (begun, bytes) = self.since.get();
        let bytes = bytes + more as u64;
        self.since.set((begun, bytes));
        if begun.elapsed() >= self.window {
            if bytes < SLOWEST * self.window.as_secs().max(1) {
                let (name, window) = (self.name, self.window);
                return Err(FetchError::Unreachable(format!(
                    "{bytes} bytes of {name} in {window:?} are too slow"
                )));
            }
            self.begin();
        }
        if self.begun.elapsed() <= self.limit {
            return Ok(());
        }
        let (name, limit) = (self.name, self.limit.as_secs());
        Err(FetchError::Unreachable(format!(
            "{name} took more than {limit} s"
        )))
    }
}

/// How often, and when, to try again.
struct Retries<'a> {
    url: &'a str,
    left: u32,
    pause: Duration,
}

impl<'a> Retries<'a> {
    fn new(url: &'a str) -> Self {
        Self {
            url,
            left: TRIES - 1,
            pause: BACKOFF,
        }
    }

    /// A try brought something.
    fn reset(&mut self) {
        *self = Self::new(self.url);
    }

    /// Waits before the next try; `None` where the file does not exist.
    fn after(&mut self, client: &Client, error: FetchError) -> Result<Option<()>, ObtainError> {
        let host = client.title(self.url);
        let (why, asked) = match error {
            FetchError::NotFound => return Ok(None),
            FetchError::Refused(why) => {
                return Err(ObtainError::unavailable(format!("{host}: {why}")));
            }
            FetchError::Unreachable(why) => {
                client.give_up(self.url, &why);
                return Err(ObtainError::unavailable(format!("{host}: {why}")));
            }
            FetchError::Passing(why, asked) => (why, asked),
        };
        let patient = asked.is_none_or(|asked| asked <= MAX_RETRY_AFTER);
        if self.left == 0 || !patient {
            let why = match asked {
                Some(Duration::MAX) => format!("{why}, with a Retry-After that cannot be read"),
                Some(asked) if !patient => format!("{why}, again in {} s", asked.as_secs()),
                _ => format!("{why}, {TRIES} times"),
            };
            client.give_up(self.url, &why);
            return Err(ObtainError::unavailable(format!("{host}: {why}")));
        }
        thread::sleep(asked.unwrap_or(self.pause).max(self.pause));
        self.left -= 1;
        self.pause *= 2;
        Ok(Some(()))
    }
}
