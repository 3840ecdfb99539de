//! What the two processes say to each other, each in one message.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Weak;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, send, sendmsg};
use serde::{Deserialize, Serialize};

use crate::system::{Interrupt, first_ready};

/// The longest request, in bytes: it holds a few numbers.
const LONGEST: usize = 4096;
/// The longest answer, with the signs of life before it, in bytes.
const MOST_WORDS: usize = 1 << 20;
/// How long a peer may take over a message.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How often the process that keeps machines gives a sign of life to a client that waits for
/// its answer: white space, which means nothing before it or after.
const BEAT: Duration = Duration::from_secs(5);
/// How long a client waits for one.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
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

/// Gives signs of life to the client, until it is answered or gone.
pub(super) fn show_life(socket: &Weak<UnixStream>) {
    while let Some(socket) = socket.upgrade() {
        // One that does not read needs room for its answer.
        if is_read(&socket) && send(socket.as_raw_fd(), b"\n", MsgFlags::MSG_NOSIGNAL).is_err() {
            return;
        }
        drop(socket);
        sleep(BEAT);
    }
}

/// Whether the other end has read all that was sent to it.
fn is_read(socket: &UnixStream) -> bool {
    let mut unread: libc::c_int = 0;
    // SAFETY: the request (unix(7): SIOCOUTQ, which is TIOCOUTQ) writes a number.
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut unread) };
    asked == 0 && unread == 0
}

/// What comes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Answer(Answer),
    /// The interrupt came first.
    Interrupted,
    /// The process that keeps the machines gives no sign of life.
    Silence,
}

/// Receives the answer, once there is one.
///
/// # Errors
/// If the process that keeps the machines has ended.
pub(super) fn answered(mut socket: &UnixStream, interrupt: Option<&Interrupt>) -> Result<Reply> {
    let files = [interrupt.map(AsFd::as_fd), Some(socket.as_fd())];
    let files: Vec<_> = files.into_iter().flatten().collect();
    let is_answer = files.len() - 1;
    let mut words = Vec::new();
    let mut buffer = [0; LONGEST];
    loop {
        match first_ready(&files, Some(Instant::now() + SILENCE))? {
            Some(number) if number == is_answer => {}
            Some(_) => return Ok(Reply::Interrupted),
            None => return Ok(Reply::Silence),
        }
        let length = socket
            .read(&mut buffer)
            .context("hearing from the machines")?;
        if length == 0 {
            break;
        }
        words.extend(&buffer[..length]);
        ensure!(
            words.len() <= MOST_WORDS,
            "the answer of the machines is too long"
        );
    }
    let words = words.trim_ascii();
    ensure!(
        !words.is_empty(),
        "the process that keeps the machines has ended"
    );
    let answer = serde_json::from_slice(words);
    answer
        .context("reading the machines' answer")
        .map(Reply::Answer)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::spawn;

    use super::*;

    #[test]
    fn signs_of_life_are_no_part_of_the_answer() {
        let (client, keeper) = UnixStream::pair().unwrap();
        let keeper = Arc::new(keeper);
        let alive = Arc::downgrade(&keeper);
        let shows = spawn(move || show_life(&alive));
        while is_read(&keeper) {
            sleep(Duration::from_millis(1));
        }
        let ran = || Answer::Ran(7, Some("\n words\n".to_owned()));
        answer(&keeper, &ran());
        drop(keeper);
        assert_eq!(answered(&client, None).unwrap(), Reply::Answer(ran()));
        shows.join().unwrap();
    }

    #[test]
    fn a_keeper_that_ends_has_not_answered() {
        let (client, mut keeper) = UnixStream::pair().unwrap();
        io::Write::write_all(&mut keeper, b"\n\n").unwrap();
        drop(keeper);
        let error = answered(&client, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the process that keeps the machines has ended"
        );
    }
}
