//! A server on loopback that answers like an archive, or not at all.
//!
//! Written by hand: what a test needs of it is what a well-behaved HTTP library
//! prevents.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::suite::Files;

/// What a server does instead of sending a file.
#[derive(Clone, Debug)]
pub enum ServerFault {
    /// Answers with a status, and `Retry-After` in seconds or as a date.
    Status(u16, Option<String>),
    /// Promises all, closes the connection after so many bytes of the body.
    BreakOff(usize),
    /// Promises all, sends so many bytes of the body, then nothing for a minute.
    Stall(usize),
    /// Says that the file has so many bytes, and sends as many.
    Short(usize),
    /// Promises nothing, closes the connection after so many bytes of the body.
    Unsized(usize),
    /// Sends other bytes.
    Replace(Vec<u8>),
    /// Redirects to itself.
    RedirectLoop,
    /// Redirects to a URL.
    Redirect(String),
    /// Sends the one, then the other over and over, with a pause after each time.
    Endless(&'static str, &'static str, Duration),
}

/// Serves files until it is dropped.
///
/// Below `archive/<name>/<time>/` it answers like Debian's snapshot archive: a
/// time at which nothing was recorded is redirected to the one before.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    files: Mutex<Files>,
    faults: Mutex<HashMap<String, VecDeque<ServerFault>>>,
    requests: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl Server {
    /// Serves these files.
    #[must_use]
    pub fn start(files: Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            files: Mutex::new(files),
            faults: Mutex::default(),
            requests: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let serving = accepting.clone();
                // An error is the client's to notice.
                thread::spawn(move || stream.and_then(|stream| serving.serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
            .trim_end_matches('/')
            .to_owned()
    }

    /// Does this instead of sending the file, so many times, after the faults
    /// that the file already has.
    pub fn fault(&self, path: &str, fault: ServerFault, times: usize) {
        let mut faults = locked(&self.shared.faults);
        let queue = faults.entry(path.to_owned()).or_default();
        queue.extend(std::iter::repeat_n(fault, times));
    }

    /// Sends the file again, whatever faults it had.
    pub fn unfault(&self, path: &str) {
        locked(&self.shared.faults).remove(path);
    }

    /// Changes the files.
    pub fn files(&self, change: impl FnOnce(&mut Files)) {
        change(&mut locked(&self.shared.files));
    }

    /// The paths that were asked for; `path+N` for a range that starts at N.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        locked(&self.shared.requests).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let path = request
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .trim_start_matches('/')
            .to_owned();
        let mut start = 0;
        for line in lines {
            let line = line?.to_ascii_lowercase();
            if let Some(range) = line.strip_prefix("range: bytes=") {
                start = range.trim_end_matches('-').parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        let range = if start > 0 {
            format!("+{start}")
        } else {
            String::new()
        };
        locked(&self.requests).push(format!("{path}{range}"));
        let fault = self.next_fault(&path);
        let file = locked(&self.files).get(&path).cloned();
        match (fault, file) {
            (Some(ServerFault::Status(code, after)), _) => {
                let after =
                    after.map_or(String::new(), |after| format!("Retry-After: {after}\r\n"));
                head(
                    &mut stream,
                    &format!("{code} Fault\r\n{after}Content-Length: 0"),
                )
            }
            (Some(ServerFault::RedirectLoop), _) => redirect(&mut stream, &format!("/{path}")),
            (Some(ServerFault::Redirect(url)), _) => redirect(&mut stream, &url),
            (Some(ServerFault::Endless(start, next, pause)), _) => {
                stream.write_all(start.as_bytes())?;
                // Ends when the client has had enough.
                loop {
                    stream.write_all(next.as_bytes())?;
                    thread::sleep(pause);
                }
            }
            (Some(ServerFault::Replace(bytes)), _) => send(&mut stream, &bytes, 0, usize::MAX),
            (Some(ServerFault::Short(length)), Some(file)) => {
                send(&mut stream, &file[..length], 0, usize::MAX)
            }
            (Some(ServerFault::Unsized(length)), Some(file)) => {
                head(&mut stream, "200 OK")?;
                stream.write_all(&file[..length])
            }
            (Some(ServerFault::BreakOff(length)), Some(file)) => {
                send(&mut stream, &file, start, length)
            }
            (Some(ServerFault::Stall(length)), Some(file)) => {
                send(&mut stream, &file, start, length)?;
                thread::sleep(Duration::from_secs(60));
                Ok(())
            }
            (None, Some(file)) => send(&mut stream, &file, start, usize::MAX),
            (_, None) => match self.recorded_before(&path) {
                Some(earlier) => redirect(&mut stream, &format!("/{earlier}")),
                None => head(&mut stream, "404 Not Found\r\nContent-Length: 0"),
            },
        }
    }

    fn next_fault(&self, path: &str) -> Option<ServerFault> {
        locked(&self.faults).get_mut(path)?.pop_front()
    }

    /// The same path at the last recorded time before the one in it.
    fn recorded_before(&self, path: &str) -> Option<String> {
        let (archive, rest) = path.strip_prefix("archive/")?.split_once('/')?;
        let (time, rest) = rest.split_once('/')?;
        let files = locked(&self.files);
        let prefix = format!("archive/{archive}/");
        let times = files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next());
        let recorded = times.filter(|recorded| *recorded < time).max()?;
        Some(format!("{prefix}{recorded}/{rest}"))
    }
}

fn head(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n")
}

fn redirect(stream: &mut TcpStream, url: &str) -> std::io::Result<()> {
    head(
        stream,
        &format!("302 Found\r\nLocation: {url}\r\nContent-Length: 0"),
    )
}

/// Sends a file from `start` on, but at most `length` bytes of what it promised.
fn send(stream: &mut TcpStream, file: &[u8], start: usize, length: usize) -> std::io::Result<()> {
    let Some(rest) = file.get(start..) else {
        return head(stream, "416 Range Not Satisfiable\r\nContent-Length: 0");
    };
    let (total, promised) = (file.len(), rest.len());
    head(
        stream,
        &match start {
            0 => format!("200 OK\r\nContent-Length: {promised}"),
            _ => format!(
                "206 Partial Content\r\nContent-Length: {promised}\r\n\
                 Content-Range: bytes {start}-{}/{total}",
                total - 1
            ),
        },
    )?;
    stream.write_all(&rest[..length.min(promised)])
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
