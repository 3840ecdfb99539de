//! A figure, as a row of a Markdown table.

use std::fmt;
use std::time::Duration;

use super::Figure;
use super::stopwatch::Times;

/// What stands above the rows.
pub(crate) const HEAD: &str = "\
| figure | kernel | timed | held against | times | ratio | by CPU time | goal | met |
|---|---|---|---|---|---|---|---|---|";

/// What was measured against what.
pub(crate) struct FigureRow<'a> {
    pub(super) figure: Figure,
    pub(super) kernel: &'a str,
    pub(super) what: &'a Times,
    pub(super) against: &'a Times,
    /// What the ratio may be at most.
    pub(super) goal: Option<f64>,
}

impl fmt::Display for FigureRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (figure, kernel) = (name(self.figure), self.kernel);
        let (what, against) = (self.what.name, self.against.name);
        write!(f, "| {figure} | {kernel} | {what} | {against} | ")?;
        let goal = self
            .goal
            .map_or(String::new(), |goal| format!("at most {goal}"));
        let both = self
            .what
            .median()
            .and_then(|took| Ok((took, self.against.median()?)));
        let (took, base) = match both {
            Ok(both) => both,
            // A bar would end the cell.
            Err(why) => return write!(f, "{} | | | {goal} | |", why.replace('|', "/")),
        };
        let ratio = |took: Duration, base: Duration| took.as_secs_f64() / base.as_secs_f64();
        let cpu = took.cpu.zip(base.cpu);
        let cpu = cpu.map_or(String::new(), |(took, base)| {
            format!("{:.2}", ratio(took, base))
        });
        let ratio = ratio(took.wall, base.wall);
        let met = self
            .goal
            .map_or("", |goal| if ratio <= goal { "yes" } else { "no" });
        let (took, base) = (took.wall.as_secs_f64(), base.wall.as_secs_f64());
        write!(
            f,
            "{took:.3} s / {base:.3} s | {ratio:.2} | {cpu} | {goal} | {met} |"
        )
    }
}

/// The name of a figure, on the command line and in the table.
pub(super) fn name(figure: Figure) -> String {
    format!("{figure:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::stopwatch::Took;
    use super::*;

    fn row(what: Result<Took, String>, against: Took, goal: Option<f64>) -> String {
        let row = FigureRow {
            figure: Figure::One,
            kernel: "6.1",
            what: &Times {
                name: "run -- true",
                took: what.map(|took| vec![took]),
            },
            against: &Times {
                name: "bare QEMU",
                took: Ok(vec![against]),
            },
            goal,
        };
        row.to_string()
    }

    fn took(seconds: u64) -> Took {
        Took {
            wall: Duration::from_secs(seconds),
            cpu: Some(Duration::from_secs(2 * seconds)),
        }
    }

    #[test]
    fn a_row_tells_whether_its_goal_was_met() {
        let begin = "| one | 6.1 | run -- true | bare QEMU | 3.000 s / 2.000 s | 1.50 | 1.50 |";
        for (goal, end) in [
            (Some(1.5), " at most 1.5 | yes |"),
            (Some(1.15), " at most 1.15 | no |"),
            (None, "  |  |"),
        ] {
            assert_eq!(row(Ok(took(3)), took(2), goal), format!("{begin}{end}"));
        }
    }

    #[test]
    fn what_could_not_be_measured_says_why() {
        let shown = row(Err("not | installed".to_owned()), took(1), None);
        assert_eq!(
            shown,
            "| one | 6.1 | run -- true | bare QEMU | not / installed | | |  | |"
        );
    }

    #[test]
    fn every_row_has_the_columns_of_the_head() {
        let columns = |text: &str| text.matches('|').count();
        let head = columns(HEAD.lines().next().unwrap());
        assert_eq!(columns(&row(Err("why".to_owned()), took(1), None)), head);
        let wall = Took {
            cpu: None,
            ..took(1)
        };
        assert_eq!(columns(&row(Ok(wall), wall, None)), head);
    }
}
