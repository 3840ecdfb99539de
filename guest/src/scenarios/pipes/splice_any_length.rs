use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::ptr;

use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// A proxy that asks for all that there is.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "splice(2) of the greatest length from a socket that holds three bytes to a pipe",
    probe,
    &[
        Claim::since(3, 2)
            .shows("spliced=EINVAL")
            .because("a length must not be negative, if it is taken for a signed number"),
        Claim::since(5, 5)
            .shows("spliced=3")
            .because("the length is first cut down to what the pipe has room for")
            .commit(
                "3253d9d09337",
                "splice: only read in as much information as there is pipe buffer space",
            )
            .backported(versions!["4.19.90", "5.3.17", "5.4.4"]),
        Claim::since(6, 8)
            .shows("spliced=EINVAL")
            .because("the check comes first again")
            .commit(
                "b70d8e2b8ce5",
                "splice: move permission hook out of splice_file_to_pipe()",
            )
            .links(&["https://github.com/Hanaasagi/tokio-splice/issues/2"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (from, mut writer) = UnixStream::pair()?;
    let (_out, into) = pipe()?;
    writer.write_all(b"123")?;
    let (from, into, none) = (from.as_raw_fd(), into.as_raw_fd(), ptr::null_mut());
    let flags = libc::SPLICE_F_NONBLOCK;
    // SAFETY: it takes numbers, and no offsets.
    let spliced = unsafe { libc::splice(from, none, into, none, usize::MAX, flags) };
    facts.saw_count("spliced", Errno::result(spliced));
    Ok(())
}
