//! Makes events of the progress of downloads.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::event::Event;
use super::event_bus::Watcher;
use crate::system::{lock, printable};

/// The least time between two events of progress of a download.
const PACE: Duration = Duration::from_millis(100);

/// Makes events of the progress of downloads.
pub struct Downloads<'a> {
    watcher: &'a dyn Watcher,
    /// The bytes of each download, and when they were last reported.
    under_way: Mutex<HashMap<String, (u64, Instant)>>,
}

impl<'a> Downloads<'a> {
    /// Reports to this watcher.
    #[must_use]
    pub fn told_to(watcher: &'a dyn Watcher) -> Self {
        Self {
            watcher,
            under_way: Mutex::default(),
        }
    }
}

impl images::Progress for Downloads<'_> {
    fn started(&self, name: &str, total: Option<u64>) {
        lock(&self.under_way).insert(name.to_owned(), (0, Instant::now()));
        self.watcher.event(&Event::DownloadStarted {
            file: printable(name),
            size: total,
        });
    }

    fn advanced(&self, name: &str, more: u64) {
        let mut under_way = lock(&self.under_way);
        let Some((bytes, told)) = under_way.get_mut(name) else {
            return;
        };
        *bytes += more;
        if told.elapsed() < PACE {
            return;
        }
        *told = Instant::now();
        let bytes = *bytes;
        drop(under_way);
        self.watcher.event(&Event::DownloadAdvanced {
            file: printable(name),
            bytes,
        });
    }

    fn finished(&self, name: &str) {
        // A file that was already complete never began.
        if lock(&self.under_way).remove(name).is_some() {
            self.watcher.event(&Event::DownloadFinished {
                file: printable(name),
            });
        }
    }

    fn step(&self, text: &str) {
        self.watcher.event(&Event::Step {
            text: text.to_owned(),
        });
    }

    fn note(&self, text: &str) {
        self.watcher.event(&Event::Note {
            text: printable(text),
        });
    }
}

#[cfg(test)]
mod tests {
    use images::Progress;

    use super::*;

    /// Keeps what it is told.
    #[derive(Default)]
    struct Kept(Mutex<Vec<Event>>);

    impl Watcher for Kept {
        fn event(&self, event: &Event) {
            lock(&self.0).push(event.clone());
        }
    }

    #[test]
    fn a_download_is_told_of_at_a_pace() {
        let kept = Kept::default();
        let downloads = Downloads::told_to(&kept);
        let file = || "linux.deb".to_owned();
        downloads.started("linux.deb", Some(1000));
        for _ in 0..4 {
            downloads.advanced("linux.deb", 100);
        }
        std::thread::sleep(PACE);
        downloads.advanced("linux.deb", 100);
        downloads.finished("linux.deb");
        downloads.finished("was-there-already");
        assert_eq!(
            *lock(&kept.0),
            [
                Event::DownloadStarted {
                    file: file(),
                    size: Some(1000)
                },
                Event::DownloadAdvanced {
                    file: file(),
                    bytes: 500
                },
                Event::DownloadFinished { file: file() },
            ]
        );
    }
}
