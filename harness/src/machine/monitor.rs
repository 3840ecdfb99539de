//! QEMU's monitor (QMP), by which a machine is saved, restored, and asked when it is sick.

use std::io::{BufRead, BufReader, IoSlice, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use serde_json::{Value, json};

/// How long QEMU may take for an answer, or for what it was asked to do.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait before QEMU is asked again whether it is done.
const PAUSE: Duration = Duration::from_millis(2);

/// The connection to QEMU's monitor.
#[derive(Debug)]
pub(super) struct Monitor {
    socket: BufReader<UnixStream>,
    /// Whether commands are turned on.
    greeted: bool,
    /// The slots that are free for devices, the next one last; none where the machine's bus
    /// takes them as it is.
    slots: Option<Vec<String>>,
}

/// The name of a slot, counted from 1.
pub(super) fn slot_name(slot: u32) -> String {
    format!("slot{slot}")
}

impl Monitor {
    /// The monitor at the other end of a socket, of a machine with so many slots for
    /// devices.
    ///
    /// # Errors
    /// If the socket takes no deadline.
    pub(super) fn new(socket: UnixStream, slots: Option<u32>) -> Result<Self> {
        let mut monitor = Self {
            socket: BufReader::new(socket),
            greeted: false,
            slots: slots.map(|slots| (1..=slots).rev().map(slot_name).collect()),
        };
        monitor.be_patient(PATIENCE)?;
        Ok(monitor)
    }

    /// Sets how long QEMU may take for an answer.
    pub(super) fn be_patient(&mut self, patience: Duration) -> Result<()> {
        let socket = self.socket.get_mut();
        socket.set_read_timeout(Some(patience))?;
        socket.set_write_timeout(Some(patience))?;
        Ok(())
    }

    /// Waits for the monitor's greeting, and turns commands on, once.
    pub(super) fn greet(&mut self) -> Result<()> {
        if self.greeted {
            return Ok(());
        }
        self.line("its greeting")?;
        self.execute("qmp_capabilities", json!({}))?;
        self.greeted = true;
        Ok(())
    }

    /// Executes a command; events before its answer are passed over.
    pub(super) fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        self.send(command, arguments, &[])?;
        self.answer(command)
    }

    /// Plugs a device into the running machine.
    ///
    /// # Errors
    /// If there is no slot left, or QEMU refuses.
    pub(super) fn add_device(&mut self, mut device: Value) -> Result<()> {
        if let Some(slots) = &mut self.slots {
            let slot = slots.pop();
            device["bus"] = json!(slot.context("it takes no more devices: give it fewer disks")?);
        }
        self.execute("device_add", device).map(drop)
    }

    /// Gives QEMU an open file, under a name.
    pub(super) fn give(&mut self, name: &str, file: BorrowedFd<'_>) -> Result<()> {
        self.send("getfd", json!({ "fdname": name }), &[file.as_raw_fd()])?;
        self.answer("getfd").map(drop)
    }

    /// Waits until what was begun is done, as a command tells by its `status`.
    pub(super) fn wait_for(&mut self, command: &str, wanted: &str, failed: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let answer = self.execute(command, json!({}))?;
            match answer["status"].as_str() {
                Some(status) if status == wanted => return Ok(()),
                Some(status) if status == failed => bail!("{command}: {answer}"),
                _ => std::thread::sleep(PAUSE),
            }
        }
        bail!("{command}: not {wanted} within {} s", PATIENCE.as_secs())
    }

    fn send(&mut self, command: &str, arguments: Value, files: &[i32]) -> Result<()> {
        let mut words = json!({ "execute": command, "arguments": arguments }).to_string();
        words.push('\n');
        let socket = self.socket.get_mut();
        let written = if files.is_empty() {
            socket.write_all(words.as_bytes())
        } else {
            let files = [ControlMessage::ScmRights(files)];
            let words = [IoSlice::new(words.as_bytes())];
            // A few words fit into any socket at once.
            sendmsg::<()>(socket.as_raw_fd(), &words, &files, MsgFlags::empty(), None)
                .map(drop)
                .map_err(Into::into)
        };
        written.with_context(|| format!("writing {command} to QEMU's monitor"))
    }

    fn answer(&mut self, command: &str) -> Result<Value> {
        loop {
            let mut line = self.line(command)?;
            if line.get("error").is_some() {
                bail!("{command}: {}", line["error"]["desc"]);
            }
            if let Some(answer) = line.get_mut("return") {
                return Ok(answer.take());
            }
        }
    }

    fn line(&mut self, what: &str) -> Result<Value> {
        let mut line = String::new();
        let reading = || format!("reading {what} from QEMU's monitor");
        if self.socket.read_line(&mut line).with_context(reading)? == 0 {
            bail!("{}: it is closed", reading());
        }
        serde_json::from_str(&line).with_context(reading)
    }
}
