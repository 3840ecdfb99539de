//! The activities of a run, for a line of progress.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use itertools::Itertools;

/// The kinds of things that take a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActivityKind {
    /// A transfer; its size is in bytes.
    Download,
    /// A kernel that boots and runs scenarios; its size is their number.
    Boot,
    /// Anything else. One ends where the next begins.
    Step,
}

/// One thing that is being done.
#[derive(Debug)]
pub(super) struct Activity {
    kind: ActivityKind,
    name: String,
    since: Instant,
    /// How much of it is done.
    pub(super) done: u64,
    total: Option<u64>,
    /// How long it took last time.
    pub(super) usual: Option<Duration>,
    /// What shows it on a terminal.
    pub(super) bar: ProgressBar,
}

impl Activity {
    pub(super) fn new(
        kind: ActivityKind,
        name: &str,
        total: Option<u64>,
        bar: ProgressBar,
    ) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            since: Instant::now(),
            done: 0,
            total,
            usual: None,
            bar,
        }
    }

    fn text(&self, now: Instant) -> String {
        let Self {
            name, done, total, ..
        } = self;
        let took = now.saturating_duration_since(self.since);
        let seconds = took.as_secs();
        let usual = self.usual.map_or(String::new(), |usual| {
            format!(" ({} s last time)", usual.as_secs())
        });
        match (self.kind, total) {
            (ActivityKind::Download, total) => {
                let of = total.map_or(String::new(), |total| format!(" of {}", megabytes(total)));
                let rate = rate(*done, took);
                format!("{name}: {}{of} MB, {rate} MB/s", megabytes(*done))
            }
            (ActivityKind::Boot, Some(total)) if *done > 0 => {
                format!("{name}: {done} of {total} scenarios, {seconds} s{usual}")
            }
            (ActivityKind::Boot, _) => format!("{name}: booting, {seconds} s{usual}"),
            (ActivityKind::Step, _) => format!("{name}, {seconds} s"),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

fn rate(bytes: u64, took: Duration) -> String {
    format!("{:.1}", bytes as f64 / 1e6 / took.as_secs_f64().max(0.001))
}

/// All that is being done, in the order in which it began.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Vec<Activity>);

impl UnderWay {
    /// Begins an activity, and returns the one of the same kind and name that it
    /// replaces.
    pub(super) fn begin(&mut self, activity: Activity) -> Option<Activity> {
        let old = self.end(activity.kind, Some(&activity.name));
        self.0.push(activity);
        old
    }

    /// Ends the activity of this kind and name; of any name without one.
    pub(super) fn end(&mut self, kind: ActivityKind, name: Option<&str>) -> Option<Activity> {
        let is_it = |it: &Activity| it.kind == kind && name.is_none_or(|name| it.name == name);
        let at = self.0.iter().position(is_it)?;
        Some(self.0.remove(at))
    }

    pub(super) fn find(&mut self, kind: ActivityKind, name: &str) -> Option<&mut Activity> {
        let mut all = self.0.iter_mut();
        all.find(|it| it.kind == kind && it.name == name)
    }

    /// All activities in a line; kernels that boot only with `boots`.
    pub(super) fn line(&self, boots: bool) -> String {
        let now = Instant::now();
        let told = |it: &&Activity| boots || it.kind != ActivityKind::Boot;
        self.0.iter().filter(told).map(|it| it.text(now)).join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(kind: ActivityKind, name: &str, total: Option<u64>, seconds: u64) -> Activity {
        Activity {
            since: Instant::now() - Duration::from_secs(seconds),
            ..Activity::new(kind, name, total, ProgressBar::hidden())
        }
    }

    #[test]
    fn a_line_says_all_that_is_being_done() {
        let mut under_way = UnderWay::default();
        let download = Activity {
            done: 13_000_000,
            ..activity(ActivityKind::Download, "linux.deb", Some(26_000_000), 2)
        };
        under_way.begin(download);
        under_way.begin(Activity {
            usual: Some(Duration::from_secs(6)),
            ..activity(ActivityKind::Boot, "6.1", Some(95), 4)
        });
        under_way.begin(activity(ActivityKind::Step, "unpacking QEMU", None, 3));
        assert_eq!(
            under_way.line(true),
            "linux.deb: 13.0 of 26.0 MB, 6.5 MB/s; 6.1: booting, 4 s (6 s last time); unpacking QEMU, 3 s"
        );
        under_way.end(ActivityKind::Step, None);
        under_way.find(ActivityKind::Boot, "6.1").unwrap().done = 7;
        under_way.end(ActivityKind::Download, Some("linux.deb"));
        assert_eq!(
            under_way.line(true),
            "6.1: 7 of 95 scenarios, 4 s (6 s last time)"
        );
        assert_eq!(under_way.line(false), "");
    }
}
