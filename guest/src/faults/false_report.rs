//! PID 1 reports wrongly that a scenario has ended.

use super::Fault;
use crate::claims::{Fact, Observation, RunningKernel};
use crate::protocol::wire::encode;
use crate::protocol::{Outcome, Record};

pub(super) const FAULTS: &[Fault] = &[
    Fault::of_report(
        "fault_half_record",
        "half of the record is sent",
        |key, sequence, record| {
            let mut frame = encode(key, sequence, record);
            frame.truncate(frame.len() / 2);
            frame
        },
    ),
    Fault::of_report(
        "fault_bad_checksum",
        "one bit of the record is another",
        |key, sequence, record| {
            let mut frame = encode(key, sequence, record);
            let middle = frame.len() / 2;
            frame[middle] ^= 1;
            frame
        },
    ),
    Fault::of_report(
        "fault_repeated_record",
        "the record is sent twice",
        |key, sequence, record| encode(key, sequence, record).repeat(2),
    ),
    Fault::of_report(
        "fault_sequence_gap",
        "the record has the number of the next one",
        |key, sequence, record| encode(key, sequence + 1, record),
    ),
    Fault::of_report("fault_no_record", "the record is not sent", |_, _, _| {
        Vec::new()
    }),
    // No byte of the frame is lost: the record is whole.
    Fault::of_report(
        "fault_junk_within_record",
        "NUL and what is no UTF-8 stand between the bytes of the record",
        |key, sequence, record| {
            let frame = encode(key, sequence, record);
            let byte = |byte| [b'\0', b'\xff', byte, b'\xf8', b'\r'];
            frame.into_iter().flat_map(byte).collect()
        },
    )
    .ends(&["pass"]),
    Fault::of_report(
        "fault_record_too_long",
        "the record has 1 MB",
        |key, sequence, record| {
            let mut record = record.clone();
            if let Record::Ended { observation, .. } = &mut record {
                let (name, value) = ("more".to_owned(), "x".repeat(1_000_000));
                observation.0.push(Fact { name, value });
            }
            encode(key, sequence, &record)
        },
    ),
    Fault::of_report(
        "fault_unknown_record",
        "the record is one of another version of Strata",
        |key, sequence, _| encode(key, sequence, &"news"),
    ),
    Fault::of_report(
        "fault_other_scenario",
        "another scenario is said to have ended",
        |key, sequence, _| {
            let other = Record::Ended {
                scenario: "setns_pid".to_owned(),
                outcome: Outcome::Completed,
                observation: Observation::default(),
            };
            encode(key, sequence, &other)
        },
    ),
    Fault::of_report(
        "fault_finished_early",
        "the job is said to be done",
        |key, sequence, _| encode(key, sequence, &Record::Finished { scenarios: 2 }),
    ),
    Fault::of_report(
        "fault_booted_again",
        "the guest is said to have come up a second time",
        |key, sequence, _| {
            let kernel = RunningKernel {
                release: "3.2.0".to_owned(),
                version: String::new(),
            };
            encode(key, sequence, &Record::Booted { kernel })
        },
    ),
    Fault::of_report(
        "fault_pid_1_panics",
        "the guest itself panics while it reports",
        |_, _, _| panic!("on purpose"),
    )
    .ends(&["BROKEN"]),
];
