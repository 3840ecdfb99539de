//! Whole files: retried, resumed, and verified by their hash.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::files::hash::{FileSum, Hasher};
use crate::files::read::open_own;
use crate::http::client::{Client, FetchError, Response};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;

/// Tries of one file that bring nothing new.
const TRIES: u32 = 4;
/// Before the second try; doubled for each further one.
const BACKOFF: Duration = Duration::from_millis(500);
/// In bytes a second. At a lower rate 30 MB would take more than eight hours.
const SLOWEST: u64 = 1000;
/// A server that asks for a longer pause is given up.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Downloads a small file whose hash is not known yet; `None` where the host has no
/// such file. A file that came without its length, and is not whole, is asked for
/// again; one that is never whole is returned as it came.
pub(crate) fn fetch_small(
    client: &Client,
    url: &str,
    limit: u64,
    is_whole: &dyn Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, ObtainError> {
    let mut retries = Retries::new(client, url);
    let patience = Patience::new(client, url.rsplit('/').next().unwrap_or(url));
    loop {
        let mut bytes = Vec::new();
        let error = match client.get(url, 0) {
            Err(error) => error,
            Ok(Response { total, body, .. }) => {
                let end = patience.read(body.take(limit + 1), |part| {
                    bytes.extend(part);
                    Ok(())
                })?;
                let length = bytes.len() as u64;
                let whole = || total.map_or_else(|| is_whole(&bytes), |total| total == length);
                match end {
                    Err(error) => error,
                    Ok(()) if length > limit => {
                        let limit = format!("at most {limit} bytes");
                        return Err(ObtainError::verification(url, limit, "more"));
                    }
                    Ok(()) if whole() || total.is_none() && retries.left == 0 => {
                        return Ok(Some(bytes));
                    }
                    Ok(()) => broke_off(""),
                }
            }
        };
        if !retries.again(error)? {
            return Ok(None);
        }
    }
}

/// How many bytes the host says that a file has; `None` where it has no such file, or
/// does not say.
pub(crate) fn length(client: &Client, url: &str) -> Result<Option<u64>, ObtainError> {
    let mut retries = Retries::new(client, url);
    loop {
        match client.get(url, 0) {
            Ok(response) => return Ok(response.total),
            Err(error) => {
                if !retries.again(error)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// Downloads a file into `dir`, under the name of its hash, and verifies it;
/// `None` where the host has no such file. It is taken from the first source, if that has it. What an earlier run left there is
/// continued. The caller holds a lock, so that no other run writes to it.
pub(crate) fn fetch_file(
    client: &Client,
    url: &str,
    sum: &FileSum,
    dir: &Path,
    progress: &dyn Progress,
) -> Result<Option<PathBuf>, ObtainError> {
    fs::create_dir_all(dir).attempt(|| format!("create {}", dir.display()))?;
    let path = dir.join(&sum.sha256);
    let transfer = Transfer {
        url,
        sum,
        path: &path,
        patience: Patience::new(client, sum.name()),
        progress,
    };
    let found = match transfer.of_first_source(client)? {
        true => Ok(true),
        false => transfer.run(client),
    };
    progress.finished(sum.name());
    if let Err(ObtainError::Verification { .. }) = &found {
        // If it cannot be removed it is refused next time, too.
        let _ = fs::remove_file(&path);
    }
    let found = found?;
    if let Some(first) = client.first.as_ref().filter(|_| found) {
        first.give(&path, sum, progress);
    }
    Ok(found.then_some(path))
}

/// What is less is no first source: the mirrors are near as well. In bytes a second.
const SLOWEST_FIRST: u64 = 500_000;

struct Transfer<'a> {
    url: &'a str,
    sum: &'a FileSum,
    path: &'a Path,
    patience: Patience<'a>,
    progress: &'a dyn Progress,
}

impl Transfer<'_> {
    /// Whether the first source had the file, which then is at its path and verified.
    /// It has one try. Where it fails, it is not asked again.
    fn of_first_source(&self, client: &Client) -> Result<bool, ObtainError> {
        let Some(first) = &client.first else {
            return Ok(false);
        };
        let Some(url) = first.url(self.sum) else {
            return Ok(false);
        };
        let transfer = Transfer {
            url: &url,
            patience: Patience {
                slowest: SLOWEST_FIRST,
                ..Patience::new(client, self.sum.name())
            },
            ..*self
        };
        match transfer.run_once(client) {
            Ok(had) => Ok(had),
            Err(ObtainError::Io { action, source }) => Err(ObtainError::Io { action, source }),
            Err(error) => {
                first.give_up(&error.to_string(), self.progress);
                let _ = fs::remove_file(self.path);
                Ok(false)
            }
        }
    }

    /// The same as `run`, from the first byte and without another try.
    fn run_once(&self, client: &Client) -> Result<bool, ObtainError> {
        let failed = |why: &str| Err(ObtainError::unavailable(why.to_owned()));
        let response = match client.get(self.url, 0) {
            Ok(response) => response,
            Err(FetchError::NotFound) => return Ok(false),
            Err(
                FetchError::Refused(why)
                | FetchError::Unreachable(why)
                | FetchError::Passing(why, _),
            ) => return failed(&why),
        };
        let file = open_own(self.path);
        let mut file = file.attempt(|| format!("write {}", self.path.display()))?;
        self.empty(&file)?;
        match self.receive(response, &mut file)? {
            Ok(()) => {}
            Err(FetchError::Unreachable(why) | FetchError::Passing(why, _)) => return failed(&why),
            Err(_) => return failed("it sends no such file"),
        }
        let (_, found) =
            Hasher::of_file(self.path).attempt(|| format!("read {}", self.path.display()))?;
        match found == self.sum.sha256 {
            true => Ok(true),
            false => Err(self.wrong(&format!("SHA-256 {}", self.sum.sha256), &found)),
        }
    }

    /// Whether the host had the file, which then is at its path and verified.
    fn run(&self, client: &Client) -> Result<bool, ObtainError> {
        let file = open_own(self.path);
        let mut file = file.attempt(|| format!("write {}", self.path.display()))?;
        let mut retries = Retries::new(client, self.url);
        // Resumed bytes may come from another server.
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
                Ok(response) => {
                    pure = response.start == 0;
                    match self.receive(response, &mut file)? {
                        Ok(()) => continue,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            if self.length(&file)? > have {
                retries.reset();
            }
            if !retries.again(error)? {
                let _ = fs::remove_file(self.path);
                return Ok(false);
            }
        }
    }

    /// Writes what comes; the inner error is one that may pass.
    fn receive(
        &self,
        response: Response,
        file: &mut File,
    ) -> Result<Result<(), FetchError>, ObtainError> {
        let size = self.sum.size;
        let expected = format!("{size} bytes");
        if let Some(total) = response.total.filter(|total| *total != size) {
            return Err(self.wrong(&expected, &format!("{total} bytes")));
        }
        let action = || format!("write {}", self.path.display());
        let mut have = response.start.min(self.length(file)?);
        file.set_len(have).attempt(action)?;
        file.seek(SeekFrom::Start(have)).attempt(action)?;
        if have != response.start {
            let why = "another part than asked for".to_owned();
            return Ok(Err(FetchError::Passing(why, None)));
        }
        self.progress.started(self.sum.name(), Some(size));
        self.progress.advanced(self.sum.name(), have);
        let end = self.patience.read(response.body, |part| {
            have += part.len() as u64;
            if have > size {
                return Err(self.wrong(&expected, "more"));
            }
            file.write_all(part).attempt(action)?;
            self.progress.advanced(self.sum.name(), part.len() as u64);
            Ok(())
        })?;
        // The signed index says that there is more, whether or not the server
        // promised a length: the rest may come.
        Ok(end.and_then(|()| match have == size {
            true => Ok(()),
            false => Err(broke_off("")),
        }))
    }

    fn length(&self, file: &File) -> Result<u64, ObtainError> {
        let metadata = file.metadata();
        let length = metadata
            .attempt(|| format!("read {}", self.path.display()))?
            .len();
        if length > self.sum.size {
            self.empty(file)?;
            return Ok(0);
        }
        Ok(length)
    }

    fn empty(&self, file: &File) -> Result<(), ObtainError> {
        file.set_len(0)
            .attempt(|| format!("empty {}", self.path.display()))
    }

    fn wrong(&self, expected: &str, found: &str) -> ObtainError {
        ObtainError::verification(self.url, expected, found)
    }
}

fn broke_off(why: &str) -> FetchError {
    FetchError::Passing(format!("the transfer broke off{why}"), None)
}

/// How long one file may take, over all tries, and how slowly it may come.
struct Patience<'a> {
    /// Of the file, for people.
    name: &'a str,
    begun: Instant,
    limit: Duration,
    /// The time over which a rate is taken.
    window: Duration,
    /// The lowest rate, in bytes a second.
    slowest: u64,
    /// When the last window began, and the bytes that have come since.
    since: Cell<(Instant, u64)>,
}

impl<'a> Patience<'a> {
    fn new(client: &Client, name: &'a str) -> Self {
        Self {
            name,
            begun: Instant::now(),
            limit: client.timeouts.file,
            window: client.timeouts.rate,
            slowest: SLOWEST,
            since: Cell::new((Instant::now(), 0)),
        }
    }

    /// Reads a body to its end; the inner error is that it broke off, or comes too
    /// slowly.
    fn read(
        &self,
        mut body: impl Read,
        mut take: impl FnMut(&[u8]) -> Result<(), ObtainError>,
    ) -> Result<Result<(), FetchError>, ObtainError> {
        self.since.set((Instant::now(), 0));
        let mut buffer = vec![0; 1 << 16];
        loop {
            match body.read(&mut buffer) {
                Ok(0) => return Ok(Ok(())),
                Ok(read) => {
                    take(&buffer[..read])?;
                    if let Err(error) = self.check(read) {
                        return Ok(Err(error));
                    }
                }
                Err(error) => return Ok(Err(broke_off(&format!(" ({error})")))),
            }
        }
    }

    /// Whether it still comes fast enough, now that `more` bytes are there.
    fn check(&self, more: usize) -> Result<(), FetchError> {
        let (name, window) = (self.name, self.window);
        let (begun, bytes) = self.since.get();
        let bytes = bytes + more as u64;
        self.since.set((begun, bytes));
        if begun.elapsed() >= window {
            if bytes < self.slowest * window.as_secs().max(1) {
                let why = format!("{bytes} bytes of {name} in {window:?} are too slow");
                return Err(FetchError::Unreachable(why));
            }
            self.since.set((Instant::now(), 0));
        }
        if self.begun.elapsed() <= self.limit {
            return Ok(());
        }
        let why = format!("{name} took more than {} s", self.limit.as_secs());
        Err(FetchError::Unreachable(why))
    }
}

/// How often, and when, to try again.
struct Retries<'a> {
    client: &'a Client,
    url: &'a str,
    left: u32,
    pause: Duration,
}

impl<'a> Retries<'a> {
    fn new(client: &'a Client, url: &'a str) -> Self {
        Self {
            client,
            url,
            left: TRIES - 1,
            pause: BACKOFF,
        }
    }

    /// A try brought something.
    fn reset(&mut self) {
        *self = Self::new(self.client, self.url);
    }

    /// Waits before the next try; false where the file does not exist.
    fn again(&mut self, error: FetchError) -> Result<bool, ObtainError> {
        let host = self.client.title(self.url);
        let unavailable = |why: &str| ObtainError::unavailable(format!("{host}: {why}"));
        let why = match error {
            FetchError::NotFound => return Ok(false),
            FetchError::Refused(why) => return Err(unavailable(&why)),
            FetchError::Unreachable(why) => why,
            FetchError::Passing(why, Some(Duration::MAX)) => {
                format!("{why}, with a Retry-After that cannot be read")
            }
            FetchError::Passing(why, Some(asked)) if asked > MAX_RETRY_AFTER => {
                format!("{why}, again in {} s", asked.as_secs())
            }
            FetchError::Passing(why, _) if self.left == 0 => format!("{why}, {TRIES} times"),
            FetchError::Passing(_, asked) => {
                thread::sleep(asked.unwrap_or(self.pause).max(self.pause));
                self.left -= 1;
                self.pause *= 2;
                return Ok(true);
            }
        };
        self.client.give_up(self.url, &why);
        Err(unavailable(&why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::timeouts::Timeouts;

    #[test]
    fn a_first_source_must_be_faster_than_a_mirror() {
        let client = Client::new(Timeouts::default());
        let patience = |slowest| Patience {
            window: Duration::ZERO,
            slowest,
            ..Patience::new(&client, "a package")
        };
        let rate = usize::try_from(SLOWEST_FIRST).unwrap();
        for (slowest, bytes, is_enough) in [
            (SLOWEST, rate - 1, true),
            (SLOWEST_FIRST, rate - 1, false),
            (SLOWEST_FIRST, rate, true),
        ] {
            assert_eq!(patience(slowest).check(bytes).is_ok(), is_enough, "{bytes}");
        }
    }
}
