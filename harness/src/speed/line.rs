//! A figure, as a row of a Markdown table.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::stopwatch::Took;

/// What a line is about, as the first column has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// One kernel: the whole command.
    One,
    /// All that is done before QEMU starts.
    Start,
    /// The machine.
    Floor,
    /// What others use.
    Peers,
    /// Many kernels.
    Matrix,
}

impl Figure {
    const ALL: [Self; 5] = [
        Self::One,
        Self::Start,
        Self::Floor,
        Self::Peers,
        Self::Matrix,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Start => "start",
            Self::Floor => "floor",
            Self::Peers => "peers",
            Self::Matrix => "matrix",
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|figure| figure.name() == text);
        let names = || Self::ALL.map(Self::name).join(", ");
        named.ok_or_else(|| format!("{text:?} is no figure: {}", names()))
    }
}

/// What a ratio is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Goal {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
        }
    }
}

/// What was measured against what.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Which figure.
    pub figure: Figure,
    /// The kernel, or how many.
    pub kernel: String,
    /// What was timed.
    pub what: String,
    /// What it is held against.
    pub against: String,
    /// What came of it.
    pub result: Result<Measured, String>,
    /// What the ratio is to be, if that was said.
    pub goal: Option<Goal>,
}

/// Two times and their ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// What was timed, by the clock on the wall.
    pub took: Duration,
    /// What it is held against.
    pub base: Duration,
    /// The first over the second.
    pub ratio: f64,
    /// The same of the processor time, which depends less on what else the host
    /// does; none where nothing but the clock was looked at.
    pub cpu_ratio: Option<f64>,
}

impl Measured {
    /// One time over another.
    pub(crate) fn of(took: Took, base: Took) -> Self {
        Self {
            cpu_ratio: Some(ratio(took.cpu, base.cpu)),
            ..Self::of_wall(took.wall, base.wall)
        }
    }

    /// The same where only the clock was looked at.
    pub(crate) fn of_wall(took: Duration, base: Duration) -> Self {
        Self {
            took,
            base,
            ratio: ratio(took, base),
            cpu_ratio: None,
        }
    }
}

fn ratio(took: Duration, base: Duration) -> f64 {
    took.as_secs_f64() / base.as_secs_f64()
}

impl Line {
    /// What stands above the lines.
    pub const HEAD: &str = "\
| figure | kernel | timed | held against | times | ratio | by CPU time | goal | met |
|---|---|---|---|---|---|---|---|---|";
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            figure,
            kernel,
            what,
            against,
            result,
            goal,
        } = self;
        write!(f, "| {figure} | {kernel} | {what} | {against} | ")?;
        let goal_shown = goal.map_or_else(String::new, |goal| goal.to_string());
        match result {
            Ok(measured) => {
                let Measured {
                    took, base, ratio, ..
                } = measured;
                let cpu = measured.cpu_ratio;
                let cpu = cpu.map_or_else(String::new, |cpu| format!("{cpu:.2}"));
                let met = match goal.map(|goal| goal.is_met(*ratio)) {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                };
                let (took, base) = (took.as_secs_f64(), base.as_secs_f64());
                write!(
                    f,
                    "{took:.3} s / {base:.3} s | {ratio:.2} | {cpu} | {goal_shown} | {met} |"
                )
            }
            // A bar would end the cell.
            Err(why) => write!(f, "{} | | | {goal_shown} | |", why.replace('|', "/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(result: Result<Measured, String>, goal: Option<Goal>) -> String {
        let line = Line {
            figure: Figure::One,
            kernel: "6.1".to_owned(),
            what: "run -- true".to_owned(),
            against: "bare QEMU".to_owned(),
            result,
            goal,
        };
        line.to_string()
    }

    #[test]
    fn a_line_tells_whether_its_goal_was_met() {
        let took = |seconds| Took {
            wall: Duration::from_secs(seconds),
            cpu: Duration::from_secs(2 * seconds),
        };
        let measured = Measured::of(took(3), took(2));
        let begin = "| one | 6.1 | run -- true | bare QEMU | 3.000 s / 2.000 s | 1.50 | 1.50 |";
        for (goal, end) in [
            (Goal::AtMost(1.5), " at most 1.5 | yes |"),
            (Goal::AtMost(1.15), " at most 1.15 | no |"),
            (Goal::AtLeast(2.0), " at least 2 | no |"),
        ] {
            assert_eq!(line(Ok(measured), Some(goal)), format!("{begin}{end}"));
        }
        assert_eq!(line(Ok(measured), None), format!("{begin}  |  |"));
    }

    #[test]
    fn what_could_not_be_measured_says_why() {
        let shown = line(Err("not | installed".to_owned()), None);
        assert_eq!(
            shown,
            "| one | 6.1 | run -- true | bare QEMU | not / installed | | |  | |"
        );
    }

    #[test]
    fn a_figure_is_named_as_it_is_shown() {
        for figure in Figure::ALL {
            assert_eq!(figure.to_string().parse(), Ok(figure));
        }
        let why = "two".parse::<Figure>().unwrap_err();
        assert_eq!(
            why,
            "\"two\" is no figure: one, start, floor, peers, matrix"
        );
    }

    #[test]
    fn every_line_has_the_columns_of_the_head() {
        let columns = |text: &str| text.matches('|').count();
        let head = columns(Line::HEAD.lines().next().unwrap());
        assert_eq!(columns(&line(Err("why".to_owned()), None)), head);
        let measured = Measured::of_wall(Duration::from_secs(1), Duration::from_secs(1));
        assert_eq!(columns(&line(Ok(measured), None)), head);
    }
}
