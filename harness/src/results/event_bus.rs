//! The event bus: passes each event of a run to all sinks.

use std::sync::Mutex;

use anyhow::{Error, Result};

use super::event::Event;
use crate::system::lock;

/// Hears events as they happen, from several threads at once.
pub trait Watcher: Send + Sync {
    /// Hears an event.
    fn event(&self, event: &Event);
}

impl Watcher for images::Silent {
    fn event(&self, _: &Event) {}
}

/// Makes a report of events: lines on a terminal, a file.
pub trait Sink: Send {
    /// Takes the next event.
    ///
    /// # Errors
    /// If the report cannot be written. The sink is given no further event.
    fn take(&mut self, event: &Event) -> Result<()>;
}

/// Passes every event to every sink, in the same order to all. A sink that fails is
/// dropped, and the others go on.
#[derive(Default)]
pub struct EventBus<'a>(Mutex<Sinks<'a>>);

#[derive(Default)]
struct Sinks<'a> {
    sinks: Vec<Box<dyn Sink + 'a>>,
    failure: Option<Error>,
}

impl<'a> EventBus<'a> {
    /// Adds a sink.
    #[must_use]
    pub fn to(self, sink: impl Sink + 'a) -> Self {
        lock(&self.0).sinks.push(Box::new(sink));
        self
    }

    /// Ends the bus.
    ///
    /// # Errors
    /// If a sink failed: with what the first one said.
    pub fn end(self) -> Result<()> {
        lock(&self.0).failure.take().map_or(Ok(()), Err)
    }
}

impl Watcher for EventBus<'_> {
    fn event(&self, event: &Event) {
        let mut guard = lock(&self.0);
        let Sinks { sinks, failure } = &mut *guard;
        sinks.retain_mut(|sink| match sink.take(event) {
            Ok(()) => true,
            Err(error) => {
                failure.get_or_insert(error);
                false
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    /// Keeps what it hears, and fails at what it is told to.
    struct Keeps<'a>(&'a Mutex<Vec<Event>>, Option<usize>);

    impl Sink for Keeps<'_> {
        fn take(&mut self, event: &Event) -> Result<()> {
            let mut kept = lock(self.0);
            if Some(kept.len()) == self.1 {
                bail!("the disk is full");
            }
            kept.push(event.clone());
            Ok(())
        }
    }

    fn note(text: &str) -> Event {
        Event::Note {
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_failed_sink_stops_no_other_and_is_reported_at_the_end() {
        let (good, bad) = (Mutex::default(), Mutex::default());
        let bus = EventBus::default()
            .to(Keeps(&bad, Some(1)))
            .to(Keeps(&good, None));
        for text in ["one", "two", "three"] {
            bus.event(&note(text));
        }
        let error = bus.end().unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
        assert_eq!(*lock(&bad), [note("one")]);
        assert_eq!(*lock(&good), [note("one"), note("two"), note("three")]);
    }
}
