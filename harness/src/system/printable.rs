//! Text of guests, records and file names, made harmless to a terminal.

pub(crate) use guest::printable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A value of JSON, with every text in it made [`printable`].
pub(crate) fn printable_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(printable(&text)),
        Value::Array(values) => values.into_iter().map(printable_json).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let field = |(name, value): (String, Value)| (printable(&name), printable_json(value));
            fields.map(field).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// A record and the like, with every text in it made [`printable`].
///
/// # Panics
/// Never: it is plain data, and stays what it is with other text in it.
pub(crate) fn printable_data<T: Serialize + DeserializeOwned>(data: &T) -> T {
    serde_json::to_value(data)
        .and_then(|json| serde_json::from_value(printable_json(json)))
        .expect("it is plain data")
}

#[cfg(test)]
mod tests {
    use guest::{Fact, Observation, Outcome, Record, RunningKernel};

    use super::*;

    /// A title, a screen that is cleared, the same in C1 controls, letters turned
    /// around; and a name that is none of it.
    const SEQUENCES: &str = "\u{1b}]0;x\u{7}\u{9b}2J\n\r\u{202e}\t\u{e9}\u{1f427}";
    const SHOWN: &str = "\u{fffd}]0;x\u{fffd}\u{fffd}2J \u{fffd}\u{fffd}\t\u{e9}\u{1f427}";

    #[test]
    fn what_a_terminal_would_obey_is_gone() {
        assert_eq!(printable(SEQUENCES), SHOWN);
    }

    #[test]
    fn every_record_is_made_printable() {
        let text = || SEQUENCES.to_owned();
        let fact = Fact {
            name: text(),
            value: text(),
        };
        let ended = |outcome| Record::Ended {
            scenario: text(),
            outcome,
            observation: Observation(vec![fact.clone()]),
        };
        for record in [
            Record::Booted {
                kernel: RunningKernel {
                    release: text(),
                    version: text(),
                },
            },
            Record::Started { scenario: text() },
            ended(Outcome::NotApplicable(text())),
            ended(Outcome::Failed(text())),
            ended(Outcome::Died(text())),
            Record::Broken { why: text() },
            Record::ProgramRefused {
                why: text(),
                missing: false,
            },
        ] {
            let json = serde_json::to_string(&printable_data(&record)).unwrap();
            let raw = serde_json::to_string(&SEQUENCES).unwrap();
            let raw = raw.trim_matches('"');
            assert!(serde_json::to_string(&record).unwrap().contains(raw));
            assert!(!json.contains(raw), "{json}");
        }
    }
}
