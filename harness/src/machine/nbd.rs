//! Serves bytes to QEMU as a read-only disk (the NBD protocol's doc/proto.md).

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use super::volume::ServedBytes;

/// What the two sides greet each other with.
const MAGIC: &[u8; 8] = b"NBDMAGIC";
const OPTION: &[u8; 8] = b"IHAVEOPT";
const REPLY_TO_OPTION: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;
/// Options are negotiated, and no zeroes follow them.
const HANDSHAKE: u16 = 0b11;
const NO_ZEROES: u32 = 0b10;
/// There are flags, and the disk is read-only.
const FLAGS: u16 = 0b11;
/// Options of the client.
const EXPORT_NAME: u32 = 1;
const ABORT: u32 = 2;
const GO: u32 = 7;
/// Answers to them.
const ACKNOWLEDGED: u32 = 1;
const INFORMATION: u32 = 3;
const UNKNOWN: u32 = 1 << 31 | 1;
/// Requests.
const READ: u16 = 0;
const WRITE: u16 = 1;
const DISCONNECT: u16 = 2;
const FLUSH: u16 = 3;
/// Errors.
const NOT_PERMITTED: u32 = 1;
const INPUT_OUTPUT: u32 = 5;
const INVALID: u32 = 22;
/// The most bytes of an option, and of what is read at a time.
const LONGEST_OPTION: usize = 64 << 10;
const LONGEST_READ: usize = 32 << 20;

/// Serves one client until it leaves.
pub(super) fn serve(mut client: UnixStream, content: &dyn ServedBytes) -> io::Result<()> {
    client.write_all(&[&MAGIC[..], OPTION, &HANDSHAKE.to_be_bytes()].concat())?;
    let told = number(&mut client)?;
    if negotiate(&mut client, content.bytes(), told & NO_ZEROES == 0)? {
        while answer(&mut client, content)? {}
    }
    Ok(())
}

/// Answers options; says whether requests follow.
fn negotiate(client: &mut UnixStream, bytes: u64, with_zeroes: bool) -> io::Result<bool> {
    let disk = [&bytes.to_be_bytes()[..], &FLAGS.to_be_bytes()].concat();
    loop {
        if &exactly::<8>(client)? != OPTION {
            return Err(ErrorKind::InvalidData.into());
        }
        let option = number(client)?;
        let length = number(client)? as usize;
        if length > LONGEST_OPTION {
            return Err(ErrorKind::InvalidData.into());
        }
        client.read_exact(&mut vec![0; length])?;
        let mut reply = |kind: u32, data: &[u8]| {
            let length = data.len() as u32;
            let head = [option, kind, length].map(u32::to_be_bytes).concat();
            client.write_all(&[&REPLY_TO_OPTION.to_be_bytes()[..], &head, data].concat())
        };
        match option {
            EXPORT_NAME => {
                let zeroes = vec![0; if with_zeroes { 124 } else { 0 }];
                client.write_all(&[disk, zeroes].concat())?;
                return Ok(true);
            }
            GO => {
                reply(INFORMATION, &[&[0, 0], &disk[..]].concat())?;
                reply(ACKNOWLEDGED, &[])?;
                return Ok(true);
            }
            ABORT => {
                reply(ACKNOWLEDGED, &[])?;
                return Ok(false);
            }
            _ => reply(UNKNOWN, &[])?,
        }
    }
}

/// Answers a request; says whether another may follow.
fn answer(client: &mut UnixStream, content: &dyn ServedBytes) -> io::Result<bool> {
    let request = match exactly::<28>(client) {
        Ok(request) => request,
        // QEMU has ended.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    };
    let (mut magic, mut kind, mut handle) = ([0; 4], [0; 2], [0; 8]);
    let (mut at, mut length) = ([0; 8], [0; 4]);
    magic.copy_from_slice(&request[..4]);
    kind.copy_from_slice(&request[6..8]);
    handle.copy_from_slice(&request[8..16]);
    at.copy_from_slice(&request[16..24]);
    length.copy_from_slice(&request[24..]);
    let (at, length) = (u64::from_be_bytes(at), u32::from_be_bytes(length) as usize);
    let kind = u16::from_be_bytes(kind);
    if u32::from_be_bytes(magic) != REQUEST || length > LONGEST_READ {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut data = Vec::new();
    let error = match kind {
        READ if at.saturating_add(length as u64) > content.bytes() => INVALID,
        READ => {
            data.resize(length, 0);
            content.read_at(&mut data, at).map_or(INPUT_OUTPUT, |()| 0)
        }
        WRITE => {
            client.read_exact(&mut vec![0; length])?;
            NOT_PERMITTED
        }
        DISCONNECT => return Ok(false),
        FLUSH => 0,
        _ => INVALID,
    };
    let head = [REPLY, error].map(u32::to_be_bytes).concat();
    client.write_all(&[&head[..], &handle].concat())?;
    if error == 0 {
        client.write_all(&data)?;
    }
    Ok(true)
}

fn number(client: &mut UnixStream) -> io::Result<u32> {
    exactly(client).map(u32::from_be_bytes)
}

fn exactly<const N: usize>(client: &mut UnixStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[derive(Debug)]
    struct Counted;

    impl ServedBytes for Counted {
        fn bytes(&self) -> u64 {
            4096
        }

        fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
            if at == 2048 {
                return Err(io::Error::other("a file that cannot be read"));
            }
            for (byte, number) in buffer.iter_mut().zip(at..) {
                *byte = number as u8;
            }
            Ok(())
        }
    }

    fn request(client: &mut UnixStream, kind: u16, at: u64, length: u32) -> u32 {
        let mut words = REQUEST.to_be_bytes().to_vec();
        words.extend([0, 0]);
        words.extend(kind.to_be_bytes());
        words.extend(*b"a handle");
        words.extend(at.to_be_bytes());
        words.extend(length.to_be_bytes());
        if kind == WRITE {
            words.extend(vec![1; length as usize]);
        }
        client.write_all(&words).unwrap();
        assert_eq!(number(client).unwrap(), REPLY);
        let error = number(client).unwrap();
        assert_eq!(&exactly::<8>(client).unwrap(), b"a handle");
        error
    }

    #[test]
    fn a_client_reads_and_nothing_else() {
        let (mut client, server) = UnixStream::pair().unwrap();
        let served = thread::spawn(move || serve(server, &Counted));
        let greeting: [u8; 18] = exactly(&mut client).unwrap();
        assert!(greeting.starts_with(b"NBDMAGICIHAVEOPT"));
        client.write_all(&3_u32.to_be_bytes()).unwrap();
        // One that is not known, and then the export without a name.
        for option in [8_u32, GO] {
            let length = 0_u32;
            let words = [option, length].map(u32::to_be_bytes).concat();
            client.write_all(&[&OPTION[..], &words].concat()).unwrap();
        }
        let mut reply = |length: usize| {
            let mut reply = vec![0; 20 + length];
            client.read_exact(&mut reply).unwrap();
            reply[12..].to_vec()
        };
        assert_eq!(reply(0)[..4], UNKNOWN.to_be_bytes());
        let information = reply(12);
        assert_eq!(information[10..18], 4096_u64.to_be_bytes());
        assert_eq!(information[18..], FLAGS.to_be_bytes());
        assert_eq!(reply(0)[..4], ACKNOWLEDGED.to_be_bytes());
        assert_eq!(request(&mut client, READ, 7, 3), 0);
        assert_eq!(exactly::<3>(&mut client).unwrap(), [7, 8, 9]);
        for (kind, at, length, error) in [
            (READ, 4095, 2, INVALID),
            (READ, u64::MAX, 2, INVALID),
            (READ, 2048, 2, INPUT_OUTPUT),
            (WRITE, 0, 512, NOT_PERMITTED),
            (9, 0, 0, INVALID),
            (FLUSH, 0, 0, 0),
        ] {
            assert_eq!(request(&mut client, kind, at, length), error);
        }
        drop(client);
        served.join().unwrap().unwrap();
    }
}
