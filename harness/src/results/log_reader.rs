//! Reads a past run from its log of events.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use images::files::open_regular;
use serde::Deserialize;

use super::accelerator::ChosenAccelerator;
use super::audit::{Account, Flaw, Told, ToldBoots};
use super::event::{FORMAT, Header};
use super::matrix::{Exit, Row};
use super::verdict::Verdict;
use crate::system::{EVENTS, only_words, printable_json, program_name, runs};

/// How long the first line of a record may be, in bytes.
const MAX_HEADER: u64 = 1 << 20;

/// A past run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// What was known before it began.
    pub header: Header,
    /// The accelerator, where one was needed.
    pub accelerator: Option<ChosenAccelerator>,
    /// The kernels that were done, in the order in which they were.
    pub rows: Vec<Row>,
    /// Its exit code, if it finished.
    pub finished: Option<Exit>,
    /// Contradictions in its log.
    pub flaws: Vec<Flaw>,
}

/// The events that a report needs. Others, of a newer harness too, are skipped.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum RecordedEvent {
    Run(Header),
    Accelerator(ChosenAccelerator),
    Boot {
        kernel: String,
    },
    Scenario {
        kernel: String,
        scenario: String,
        verdict: Verdict,
    },
    Kernel(Box<Row>),
    Finished {
        exit: Exit,
    },
    #[serde(other)]
    Other,
}

impl PastRun {
    /// Reads a run: its directory, or the file of its events. An incomplete last line,
    /// which a killed run may leave, is skipped.
    ///
    /// # Errors
    /// If there is none, or it is not understood.
    pub fn read(path: &Path) -> Result<Self> {
        let file = match path.is_dir() {
            true => path.join(EVENTS),
            false => path.to_owned(),
        };
        let mut bytes = Vec::new();
        open_regular(&file)
            .and_then(|mut open| open.read_to_end(&mut bytes))
            .with_context(|| format!("reading {}", file.display()))?;
        Self::of(&bytes).with_context(|| format!("{} is no record of a run", file.display()))
    }

    /// The newest run: its directory.
    ///
    /// # Errors
    /// If there is none.
    pub fn newest() -> Result<PathBuf> {
        let dir = runs()?;
        let newest = in_time(&dir).pop();
        newest.with_context(|| {
            format!(
                "no run in {}: make one with `{} test-kernels`",
                dir.display(),
                program_name()
            )
        })
    }

    /// The newest run of a kind, if there is one, also one that did not finish. Records that
    /// cannot be read are passed over.
    ///
    /// # Errors
    /// If there is no place for runs.
    pub fn newest_of(wanted: impl Fn(&Header) -> bool) -> Result<Option<Self>> {
        let runs = in_time(&runs()?).into_iter().rev();
        let wanted = runs.filter(|run| header(&run.join(EVENTS)).is_some_and(|head| wanted(&head)));
        let mut read = wanted.filter_map(|run| Self::read(&run).ok());
        Ok(read.next())
    }

    fn of(bytes: &[u8]) -> Result<Self> {
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        // After the last newline may be an incomplete line of a killed run.
        lines.pop();
        let mut events = lines.into_iter().enumerate().map(|(index, line)| {
            // The log may come from elsewhere.
            serde_json::from_slice(line)
                // A value would keep the last of two fields of one name.
                .and_then(|_: RecordedEvent| serde_json::from_slice(line))
                .and_then(|value| RecordedEvent::deserialize(printable_json(value)))
                .with_context(|| format!("line {}", index + 1))
        });
        let Some(RecordedEvent::Run(header)) = events.next().transpose()? else {
            bail!("it does not begin with a run");
        };
        ensure!(
            header.format <= FORMAT,
            "it has format {}, and this Strata reads up to {FORMAT}: read it with a newer one",
            header.format
        );
        let mut run = Self {
            header,
            accelerator: None,
            rows: Vec::new(),
            finished: None,
            flaws: Vec::new(),
        };
        let (mut told, mut boots) = (Told::new(), ToldBoots::new());
        for event in events {
            let event = event?;
            ensure!(run.finished.is_none(), "something follows its end");
            match event {
                RecordedEvent::Run(_) => bail!("it holds more than one run"),
                RecordedEvent::Accelerator(choice) => run.accelerator = Some(choice),
                RecordedEvent::Boot { kernel } => {
                    *boots.entry(kernel.clone()).or_default() += 1;
                    told.entry(kernel).or_default();
                }
                RecordedEvent::Scenario {
                    kernel,
                    scenario,
                    verdict,
                } => {
                    let of_kernel = told.entry(kernel).or_default();
                    of_kernel.entry(scenario).or_default().push(verdict);
                }
                RecordedEvent::Kernel(row) => run.rows.push(Row {
                    spec: only_words(&row.spec),
                    ..*row
                }),
                RecordedEvent::Finished { exit } => run.finished = Some(exit),
                RecordedEvent::Other => {}
            }
        }
        let account = Account {
            run: &run,
            told: &told,
            boots: &boots,
        };
        run.flaws = account.flaws();
        Ok(run)
    }
}

/// The directories of runs, the oldest first: their names sort by time.
fn in_time(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let runs = entries.map(|entry| entry.path());
    let mut runs: Vec<PathBuf> = runs.filter(|run| run.join(EVENTS).is_file()).collect();
    runs.sort();
    runs
}

/// The first event of a record.
fn header(file: &Path) -> Option<Header> {
    let mut line = Vec::new();
    let mut open = BufReader::new(open_regular(file).ok()?).take(MAX_HEADER);
    open.read_until(b'\n', &mut line).ok()?;
    match serde_json::from_slice(&line).ok()? {
        RecordedEvent::Run(header) => Some(header),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use jiff::Timestamp;

    use super::*;
    use crate::results::event::Event;
    use crate::results::event_bus::Sink;
    use crate::results::log_writer::EventLog;

    fn log() -> Vec<u8> {
        let header = Header {
            format: FORMAT,
            run: "20260101T000000Z-1".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            host: "example".to_owned(),
            kernels: vec!["3.10\u{FFFD}".to_owned()],
            scenarios: Vec::new(),
            suite: false,
            repository: None,
            shard: None,
        };
        let mut bytes = Vec::new();
        let mut log = EventLog::new(&mut bytes, "a buffer");
        for event in [
            Event::Run(header),
            // Its sign is three bytes long, and may be cut as well.
            Event::Kernel(Box::new(Row::new("3.10\u{FFFD}", "3.10"))),
            Event::Finished { exit: Exit::Unable },
        ] {
            log.take(&event).unwrap();
        }
        bytes
    }

    #[test]
    fn a_log_may_break_off_anywhere_in_its_last_line() {
        let whole = log();
        let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
        for length in ends[0] + 1..=whole.len() {
            let run = PastRun::of(&whole[..length]).unwrap();
            let lines = ends.iter().filter(|&&end| end < length).count();
            assert_eq!(run.rows.len(), usize::from(lines >= 2), "{length} bytes");
            assert_eq!(run.finished.is_some(), lines == 3, "{length} bytes");
            assert_eq!(run.flaws, [], "{length} bytes");
        }
        assert!(PastRun::of(&whole[..ends[0]]).is_err());
    }

    /// The first lines of a record as they were before it had a format, and as they
    /// may be one day.
    #[test]
    fn records_of_other_days_are_read() {
        let today = log();
        let header = today.split_inclusive(|&byte| byte == b'\n').next().unwrap();
        let header: serde_json::Value = serde_json::from_slice(header).unwrap();
        let rest = &today[today.iter().position(|&byte| byte == b'\n').unwrap() + 1..];
        let read = |header: serde_json::Value, more: &str| {
            let text = [format!("{header}\n{more}").as_bytes(), rest].concat();
            PastRun::of(&text)
        };
        assert_eq!(header["format"], 1);

        let mut old = header.clone();
        old.as_object_mut().unwrap().remove("format");
        assert_eq!(read(old, "").unwrap(), PastRun::of(&today).unwrap());

        let mut newer = header.clone();
        newer["weather"] = "rain".into();
        let more = "{\"event\":\"eclipse\",\"of\":[\"sun\"]}\n\
                    {\"event\":\"boot\",\"kernel\":\"3.10\u{FFFD}\",\"boot\":1,\"scenarios\":0,\"tide\":9}\n";
        assert_eq!(read(newer, more).unwrap(), PastRun::of(&today).unwrap());

        let mut other = header;
        other["format"] = 2.into();
        let error = format!("{:#}", read(other, "").unwrap_err());
        assert!(
            error.contains("format 2") && error.contains("newer"),
            "{error}"
        );
    }

    /// A reader that takes the first of them sees another run than one that takes the
    /// last.
    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        for (once, twice) in [
            (r#""exit":"unable""#, r#""exit":"agreed","exit":"unable""#),
            (r#""boots":0"#, r#""boots":1,"boots":0"#),
            (r#""event":"kernel""#, r#""event":"step","event":"kernel""#),
        ] {
            let text = String::from_utf8(log()).unwrap();
            let error = PastRun::of(text.replace(once, twice).as_bytes()).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains("duplicate field"), "{twice}: {error}");
        }
    }

    /// A directory whose name is no UTF-8 costs no more than its name.
    #[test]
    fn a_path_that_is_no_text_is_no_end_of_the_record() {
        let mut row = Row::new("3.10\u{FFFD}", "3.10");
        row.dir = PathBuf::from(std::ffi::OsStr::from_bytes(b"/t\xff/run"));
        let mut text = log();
        text.truncate(text.iter().position(|&byte| byte == b'\n').unwrap() + 1);
        EventLog::new(&mut text, "a buffer")
            .take(&Event::Kernel(Box::new(row)))
            .unwrap();
        let run = PastRun::of(&text).unwrap();
        assert_eq!(run.rows[0].dir, Path::new("/t\u{FFFD}/run"));
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut twice = log();
        let end = twice
            .split_inclusive(|&byte| byte == b'\n')
            .next_back()
            .unwrap()
            .to_vec();
        twice.extend(end);
        assert!(PastRun::of(&twice).is_err());
    }

    #[test]
    fn a_log_that_is_damaged_elsewhere_is_none() {
        let mut damaged = log();
        let middle = damaged.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        damaged[middle] = b'[';
        let error = format!("{:#}", PastRun::of(&damaged).unwrap_err());
        assert!(error.contains("line 2"), "{error}");
    }
}
