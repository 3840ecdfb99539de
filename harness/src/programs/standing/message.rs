//! What the two processes say to each other, each in one message.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::{Deserialize, Serialize};

/// The longest request, in bytes: it holds a few numbers.
const LONGEST: usize = 4096;
/// How long a peer may take over a message.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How many files may come with a request.
const MOST_FILES: usize = 6;

/// What a client asks.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Request {
    /// To run a program. With it come the archive, stdout, stderr, the rest of stdin if
    /// there is any, for a terminal what tells that its size has changed, and the file for
    /// what is wanted back.
    Run(ProgramOrder),
    /// To end.
    End,
}

/// A program to run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProgramOrder {
    /// What the archive was made for ([`build`](super::build)).
    pub(super) build: String,
    /// The name of the architecture that it is for.
    pub(super) arch: String,
    /// Where in the archive's file it begins.
    pub(super) from: u64,
    /// The size of all that is packed, in bytes.
    pub(super) size: u64,
    /// How long the program may take.
    pub(super) timeout: Option<Duration>,
    /// Whether it asks for a terminal, and is told of changes of its size.
    pub(super) terminal: bool,
    /// Whether files are wanted back.
    pub(super) files: bool,
    /// Whether the codes are those of earlier versions.
    pub(super) legacy: bool,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// How it ended: the exit code, and what there is to say.
    Ran(u8, Option<String>),
    /// That it cannot be run here, and why.
    Refused(String),
    /// That the process ends.
    Ends,
}

/// Sends a request with its files.
pub(super) fn ask(socket: &UnixStream, request: &Request, files: &[BorrowedFd<'_>]) -> Result<()> {
    socket.set_write_timeout(Some(PATIENCE))?;
    let words = serde_json::to_vec(request)?;
    ensure!(words.len() <= LONGEST, "the request is too long");
    let numbers: Vec<RawFd> = files.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if files.is_empty() { &[][..] } else { &rights };
    let words = [IoSlice::new(&words)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    // A few words fit into any socket at once.
    sendmsg::<()>(socket.as_raw_fd(), &words, rights, flags, None)
        .context("asking the machines")?;
    Ok(())
}

/// Receives a request with its files.
pub(super) fn hear(socket: &UnixStream) -> Result<(Request, Vec<OwnedFd>)> {
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = [0; LONGEST];
    let mut space = nix::cmsg_space!([RawFd; MOST_FILES]);
    let (length, files) = {
        let mut words = [IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let number = socket.as_raw_fd();
        let message = recvmsg::<()>(number, &mut words, Some(&mut space), flags)?;
        let mut files = Vec::new();
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(numbers) = control {
                // SAFETY: the kernel has just made them for this process.
                files.extend(
                    numbers
                        .into_iter()
                        .map(|number| unsafe { OwnedFd::from_raw_fd(number) }),
                );
            }
        }
        (message.bytes, files)
    };
    if length == 0 {
        bail!("the client is gone");
    }
    Ok((serde_json::from_slice(&bytes[..length])?, files))
}

/// Sends an answer and ends the conversation. A client that is gone needs none.
pub(super) fn answer(socket: &UnixStream, answer: &Answer) {
    let _ = socket.set_write_timeout(Some(PATIENCE));
    let words = serde_json::to_vec(answer).unwrap_or_default();
    let _ = io::Write::write_all(&mut &*socket, &words);
}

/// Receives the answer, once there is one.
pub(super) fn answered(mut socket: &UnixStream) -> Result<Answer> {
    let mut words = Vec::new();
    socket
        .read_to_end(&mut words)
        .context("hearing from the machines")?;
    ensure!(
        !words.is_empty(),
        "the process that keeps the machines has ended"
    );
    serde_json::from_slice(&words).context("reading the machines' answer")
}
