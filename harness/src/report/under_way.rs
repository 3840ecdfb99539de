//! The activities of a run, for a line of progress.

use std::time::Duration;

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

/// One thing that is being done. Its bar knows since when and how much, also where no
/// bar is shown.
#[derive(Debug)]
pub(super) struct Activity {
    kind: ActivityKind,
    name: String,
    bar: ProgressBar,
}

impl Activity {
    pub(super) fn new(kind: ActivityKind, name: &str, bar: ProgressBar) -> Self {
        let name = name.to_owned();
        Self { kind, name, bar }
    }

    fn text(&self) -> String {
        let Self { kind, name, bar } = self;
        let (done, total, took) = (bar.position(), bar.length(), bar.elapsed());
        let (seconds, usual) = (took.as_secs(), bar.prefix());
        match (kind, total) {
            (ActivityKind::Download, total) => {
                let of = total.map_or(String::new(), |total| format!(" of {}", megabytes(total)));
                let rate = rate(done, took);
                format!("{name}: {}{of} MB, {rate} MB/s", megabytes(done))
            }
            (ActivityKind::Boot, Some(total)) if done > 0 => {
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
    /// Begins an activity, in the place of one of the same kind and name.
    pub(super) fn begin(&mut self, activity: Activity) {
        self.end(activity.kind, Some(&activity.name));
        self.0.push(activity);
    }

    /// Ends the activity of this kind and name; of any name without one.
    pub(super) fn end(&mut self, kind: ActivityKind, name: Option<&str>) {
        let is_it = |it: &Activity| it.kind == kind && name.is_none_or(|name| it.name == name);
        if let Some(at) = self.0.iter().position(is_it) {
            self.0.remove(at).bar.finish_and_clear();
        }
    }

    /// The bar of the activity of this kind and name.
    pub(super) fn bar(&self, kind: ActivityKind, name: &str) -> Option<&ProgressBar> {
        let mut all = self.0.iter();
        let it = all.find(|it| it.kind == kind && it.name == name)?;
        Some(&it.bar)
    }

    /// All activities in a line; kernels that boot only with `boots`.
    pub(super) fn line(&self, boots: bool) -> String {
        let told = |it: &&Activity| boots || it.kind != ActivityKind::Boot;
        self.0.iter().filter(told).map(|it| it.text()).join("; ")
    }
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressDrawTarget;

    use super::*;

    fn bar(total: Option<u64>, seconds: u64) -> ProgressBar {
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.with_elapsed(Duration::from_secs(seconds))
    }

    #[test]
    fn a_line_says_all_that_is_being_done() {
        let mut under_way = UnderWay::default();
        let download = bar(Some(26_000_000), 2).with_position(13_000_000);
        under_way.begin(Activity::new(ActivityKind::Download, "linux.deb", download));
        let boot = bar(Some(95), 4).with_prefix(" (6 s last time)");
        under_way.begin(Activity::new(ActivityKind::Boot, "6.1", boot));
        let step = Activity::new(ActivityKind::Step, "unpacking QEMU", bar(None, 3));
        under_way.begin(step);
        assert_eq!(
            under_way.line(true),
            "linux.deb: 13.0 of 26.0 MB, 6.5 MB/s; 6.1: booting, 4 s (6 s last time); unpacking QEMU, 3 s"
        );
        under_way.end(ActivityKind::Step, None);
        let boot = under_way.bar(ActivityKind::Boot, "6.1").unwrap();
        boot.set_position(7);
        under_way.end(ActivityKind::Download, Some("linux.deb"));
        assert_eq!(
            under_way.line(true),
            "6.1: 7 of 95 scenarios, 4 s (6 s last time)"
        );
        assert_eq!(under_way.line(false), "");
    }
}
