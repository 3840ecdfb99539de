//! Checks that the log of a run does not contradict itself.
//!
//! Logs are copied between hosts, stored as artifacts, and edited. The parts of a log
//! must agree with one another, so that a missing line is noticed.

use std::collections::{BTreeMap, BTreeSet};

use guest::Version;
use itertools::Itertools;

use super::log_reader::PastRun;
use super::matrix::{Exit, Matrix, Row};
use super::verdict::{Cell, Verdict};

/// A contradiction in the log of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// A description.
    pub what: String,
    /// Whether an event reports a red result that is in no cell.
    pub hides_red: bool,
}

/// The verdicts that events report of each scenario, by kernel.
pub(crate) type Told = BTreeMap<String, BTreeMap<String, Vec<Verdict>>>;

/// How many boots events report of each kernel.
pub(crate) type ToldBoots = BTreeMap<String, usize>;

/// All that a log says of its run.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    pub(crate) run: &'a PastRun,
    /// Every kernel that was booted is a key.
    pub(crate) told: &'a Told,
    pub(crate) boots: &'a ToldBoots,
}

impl Account<'_> {
    /// All contradictions.
    pub(crate) fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let rows = self.run.rows.iter().map(|row| &row.name);
        let names = self.run.header.kernels.iter().chain(rows);
        let names: BTreeSet<&String> = names.chain(self.told.keys()).collect();
        for name in names {
            self.kernel(name, &mut flaws);
        }
        for row in &self.run.rows {
            self.cells(row, &mut flaws);
        }
        self.end(&mut flaws);
        flaws
    }

    fn rows_of(&self, name: &str) -> impl Iterator<Item = &Row> {
        self.run.rows.iter().filter(move |row| row.name == name)
    }

    /// How often a kernel is listed, and how many rows it has: two files may have
    /// the same name.
    fn kernel(&self, name: &str, flaws: &mut Vec<Flaw>) {
        let kernels = self.run.header.kernels.iter();
        let listed = kernels.filter(|known| *known == name).count();
        let rows = self.rows_of(name).count();
        let boots: usize = self.rows_of(name).map(|row| row.boots).sum();
        let told = self.boots.get(name).copied().unwrap_or_default();
        let red = self.red_that_is_in_no_cell(name);
        let hint = match &red[..] {
            [] => String::new(),
            red => format!("; it was red: {}", red.join(", ")),
        };
        let what = if listed == 0 {
            format!("{name} is not in its list of kernels")
        } else if rows > listed {
            format!("{name} has {rows} rows, and is listed {listed} times")
        } else if rows < listed && self.run.finished.is_some() {
            format!("{name} is in its list of kernels and has no row")
        } else if !red.is_empty() {
            format!("what was told of {name} is in no row")
        } else if told < boots {
            format!("{name} was booted {boots} times, and {told} boots were told")
        } else {
            return;
        };
        flaws.push(Flaw {
            what: what + &hint,
            hides_red: !red.is_empty(),
        });
    }

    /// The scenarios for which a red was reported that stands, without a red cell of
    /// that kernel.
    fn red_that_is_in_no_cell(&self, name: &str) -> Vec<&str> {
        let in_a_cell = |scenario: &str| {
            let mut cells = self.rows_of(name).flat_map(|row| &row.cells);
            cells.any(|cell| cell.scenario == scenario && cell.verdict.is_red())
        };
        let told = self.told.get(name).into_iter().flatten();
        // What a later boot shows replaces a panic, and nothing else that is red.
        let stands = |told: &Vec<Verdict>| {
            let mut earlier = told.iter().filter(|told| **told != Verdict::Panicked);
            told.last().into_iter().any(|last| last.is_red()) || earlier.any(|told| told.is_red())
        };
        let red = told.filter(|(_, told)| stands(told));
        red.map(|(scenario, _)| scenario.as_str())
            .filter(|scenario| !in_a_cell(scenario))
            .collect()
    }

    /// A row has one cell for each scenario, and each agrees with the events.
    fn cells(&self, row: &Row, flaws: &mut Vec<Flaw>) {
        let mut wrong = |what: String| {
            flaws.push(Flaw {
                what: format!("{} {what}", row.name),
                hides_red: false,
            });
        };
        let ran = row.version().filter(|_| row.count(Verdict::Passed) > 0);
        let (asked, ran) = (row.spec.parse().ok(), ran.map(Version::series));
        if let (Some(asked), Some(ran)) = (asked.map(Version::series), ran)
            && asked != ran
        {
            wrong(format!("is a kernel {ran}"));
        }
        for scenario in &self.run.header.scenarios {
            let cells = row.cells.iter().filter(|cell| cell.scenario == *scenario);
            match cells.count() {
                0 => wrong(format!("has no cell for {scenario}")),
                1 => {}
                count => wrong(format!("has {count} cells for {scenario}")),
            }
        }
        for cell in &row.cells {
            let scenario = &cell.scenario;
            if !self.run.header.lists(scenario) {
                wrong(format!(
                    "has a cell for {scenario}, which is not in its list of scenarios"
                ));
            }
            if cell.verdict == Verdict::Passed && !shows_its_claim(cell) {
                wrong(format!(
                    "{scenario} passed, and did not show what is claimed"
                ));
            }
            let told = self.told_of(&row.name, scenario);
            // The running kernel has no boots, and no events of scenarios.
            let must_be_told = row.boots > 0 && cell.verdict != Verdict::NotRun;
            let agrees = told.contains(&cell.verdict) || (told.is_empty() && !must_be_told);
            if !agrees {
                let words = match told {
                    [] => "nothing".to_owned(),
                    told => told.iter().join(", "),
                };
                let verdict = cell.verdict;
                wrong(format!(
                    "{scenario} has the verdict {verdict}, and {words} was told"
                ));
            }
        }
    }

    /// The verdict reported last; all verdicts if several kernels have the name.
    fn told_of(&self, kernel: &str, scenario: &str) -> &[Verdict] {
        let told = self.told.get(kernel).and_then(|told| told.get(scenario));
        let told = told.map_or(&[][..], Vec::as_slice);
        if self.rows_of(kernel).count() < 2 {
            &told[told.len().saturating_sub(1)..]
        } else {
            told
        }
    }

    /// The exit code of the run must be the one of its cells.
    fn end(&self, flaws: &mut Vec<Flaw>) {
        let Some(exit) = self.run.finished else {
            return;
        };
        let matrix = Matrix {
            rows: self.run.rows.clone(),
        };
        // A shard may have no kernels.
        let idle = self.run.header.kernels.is_empty() && exit == Exit::Agreed;
        let comes_to = [false, true].map(|strict| matrix.exit(strict));
        if !idle && !comes_to.contains(&exit) {
            let [by_cells, _] = comes_to.map(Exit::word);
            flaws.push(Flaw {
                what: format!(
                    "its end says {}, and its cells come to {by_cells}",
                    exit.word()
                ),
                hides_red: exit == Exit::Disagreed,
            });
        }
    }
}

fn shows_its_claim(cell: &Cell) -> bool {
    let claim = cell.claim.as_ref();
    claim.is_some_and(|claim| claim.satisfied_by(&cell.observed))
}

#[cfg(test)]
mod tests {
    use guest::{Claim, Observation, RunningKernel, VendorClaim};
    use jiff::Timestamp;

    use super::*;
    use crate::results::event::Header;
    use crate::results::verdict::Claimed;

    /// Two kernels, on the second of which one scenario failed, and what was told of
    /// them.
    struct Fixture {
        header: Header,
        rows: Vec<Row>,
        told: Told,
        boots: ToldBoots,
        exit: Option<Exit>,
    }

    /// A cell that was judged by a claim.
    fn cell(scenario: &str, verdict: Verdict) -> Cell {
        let seen = ["call=ok", "call=EINVAL"][usize::from(verdict == Verdict::Failed)];
        Cell {
            claim: Some(Claimed::of(&Claim::since(3, 8).shows("call=ok"))),
            observed: Observation::written(seen),
            ..Cell::without(scenario, verdict, "")
        }
    }

    fn right() -> Fixture {
        let scenarios = ["one", "two"];
        let row = |name: &str, verdicts: [Verdict; 2]| Row {
            cells: scenarios
                .iter()
                .zip(verdicts)
                .map(|(scenario, verdict)| cell(scenario, verdict))
                .collect(),
            boots: 1,
            ..Row::new(name, name)
        };
        let rows = vec![
            row("3.10", [Verdict::Passed, Verdict::Passed]),
            row("6.1", [Verdict::Passed, Verdict::Failed]),
        ];
        let mut told = Told::new();
        for row in &rows {
            let of_kernel = told.entry(row.name.clone()).or_default();
            for cell in &row.cells {
                of_kernel.insert(cell.scenario.clone(), vec![cell.verdict]);
            }
        }
        Fixture {
            header: Header {
                format: 1,
                run: "example".to_owned(),
                started: Timestamp::UNIX_EPOCH,
                host: "example".to_owned(),
                kernels: rows.iter().map(|row| row.name.clone()).collect(),
                scenarios: scenarios.map(str::to_owned).to_vec(),
                suite: false,
                repository: None,
                shard: None,
            },
            boots: rows.iter().map(|row| (row.name.clone(), 1)).collect(),
            rows,
            told,
            exit: Some(Exit::Disagreed),
        }
    }

    /// What is found after a change: in words, and whether red is hidden.
    fn found(change: impl FnOnce(&mut Fixture)) -> (String, bool) {
        let mut record = right();
        change(&mut record);
        let run = PastRun {
            header: record.header,
            accelerator: None,
            rows: record.rows,
            finished: record.exit,
            flaws: Vec::new(),
        };
        let account = Account {
            run: &run,
            told: &record.told,
            boots: &record.boots,
        };
        let flaws = account.flaws();
        let words: Vec<&str> = flaws.iter().map(|flaw| flaw.what.as_str()).collect();
        (words.join("\n"), flaws.iter().any(|flaw| flaw.hides_red))
    }

    #[track_caller]
    fn assert_found(words: &str, hides_red: bool, change: impl FnOnce(&mut Fixture)) {
        let (found, hidden) = found(change);
        assert!(found.contains(words), "{words:?} is not in {found:?}");
        assert_eq!(hidden, hides_red, "{found}");
    }

    #[test]
    fn a_record_that_is_whole_has_no_flaw() {
        assert_eq!(found(|_| {}), (String::new(), false));
        // Of the running kernel nothing is told but the row.
        let native = |record: &mut Fixture| {
            record.told.clear();
            for row in &mut record.rows {
                row.boots = 0;
            }
        };
        assert_eq!(found(native), (String::new(), false));
        // Two files of the same name, in any order.
        let same_name = |record: &mut Fixture| {
            let told: Vec<_> = record.told.values().cloned().collect();
            record.told.clear();
            record.boots = [("bzImage".to_owned(), 2)].into();
            let both = record.told.entry("bzImage".to_owned()).or_default();
            for (scenario, verdicts) in told.into_iter().rev().flatten() {
                both.entry(scenario).or_default().extend(verdicts);
            }
            for (row, name) in record.rows.iter_mut().zip(&mut record.header.kernels) {
                row.name = "bzImage".to_owned();
                *name = row.name.clone();
            }
        };
        assert_eq!(found(same_name), (String::new(), false));
        // A shard that had nothing to do.
        let idle = |record: &mut Fixture| {
            record.header.kernels.clear();
            record.rows.clear();
            record.told.clear();
            record.exit = Some(Exit::Agreed);
        };
        assert_eq!(found(idle), (String::new(), false));
    }

    #[test]
    fn a_row_that_was_removed_is_missed() {
        assert_found(
            "6.1 is in its list of kernels and has no row; it was red: two",
            true,
            |r| {
                r.rows.remove(1);
            },
        );
        assert_found(
            "3.10 is in its list of kernels and has no row",
            false,
            |r| {
                r.rows.remove(0);
            },
        );
        // One that was not told of either: the end still says that something was red.
        assert_found(
            "its end says disagreed, and its cells come to agreed",
            true,
            |r| {
                r.rows.remove(1);
                r.header.kernels.remove(1);
                r.told.remove("6.1");
            },
        );
    }

    /// A run that was cut short lacks rows by right, but no red is lost.
    #[test]
    fn what_was_red_before_a_run_was_cut_short_is_told() {
        let cut = |at: usize| {
            move |record: &mut Fixture| {
                record.rows.remove(at);
                record.exit = None;
            }
        };
        assert_eq!(found(cut(0)), (String::new(), false));
        assert_found(
            "what was told of 6.1 is in no row; it was red: two",
            true,
            cut(1),
        );
    }

    #[test]
    fn a_row_too_many_is_noticed() {
        assert_found("6.1 has 2 rows, and is listed 1 times", false, |r| {
            r.rows.push(r.rows[1].clone());
        });
        assert_found("3.10 is not in its list of kernels", false, |r| {
            r.header.kernels.remove(0);
        });
        // Also where nothing is left of it but its boots.
        assert_found("4.9 is not in its list of kernels", false, |r| {
            r.told.entry("4.9".to_owned()).or_default();
        });
    }

    #[test]
    fn each_scenario_has_one_cell() {
        assert_found("3.10 has no cell for two", false, |r| {
            r.rows[0].cells.remove(1);
        });
        assert_found("3.10 has 2 cells for two", false, |r| {
            let twice = r.rows[0].cells[1].clone();
            r.rows[0].cells.push(twice);
        });
        assert_found("3.10 has a cell for three, which is not", false, |r| {
            r.rows[0].cells[1].scenario = "three".to_owned();
        });
    }

    #[test]
    fn a_cell_is_what_was_told_last() {
        let told = |record: &mut Fixture, verdicts: &[Verdict]| {
            let of_kernel = record.told.get_mut("3.10").unwrap();
            of_kernel.insert("two".to_owned(), verdicts.to_vec());
        };
        assert_eq!(
            found(|r| told(r, &[Verdict::Panicked, Verdict::Passed])),
            (String::new(), false)
        );
        assert_found("two has the verdict pass, and FAIL was told", true, |r| {
            told(r, &[Verdict::Passed, Verdict::Failed]);
        });
        assert_found(
            "two has the verdict pass, and nothing was told",
            false,
            |r| {
                told(r, &[]);
            },
        );
    }

    #[test]
    fn a_red_is_not_undone_by_what_is_told_later() {
        assert_found("it was red: two", true, |r| {
            let of_kernel = r.told.get_mut("3.10").unwrap();
            of_kernel.insert("two".to_owned(), vec![Verdict::Failed, Verdict::Passed]);
        });
    }

    #[test]
    fn what_passed_shows_its_claim() {
        let words = "3.10 one passed, and did not show what is claimed";
        assert_found(words, false, |r| {
            r.rows[0].cells[0].observed = Observation::written("call=EINVAL");
        });
        assert_found(words, false, |r| r.rows[0].cells[0].claim = None);
        // A claim about a vendor's kernels speaks of the facts that it names.
        let of_el7 = |seen: &'static str| {
            move |r: &mut Fixture| {
                let claim = VendorClaim::of("el7").shows("call=ok");
                let cell = &mut r.rows[0].cells[0];
                cell.claim = Some(Claimed::of_vendor(&claim, Version::new(3, 10)));
                cell.observed = Observation::written(seen);
            }
        };
        assert_found(words, false, of_el7("call=EINVAL other=ok"));
        assert_eq!(found(of_el7("call=ok other=ok")), (String::new(), false));
    }

    #[test]
    fn each_boot_is_told() {
        assert_found(
            "3.10 was booted 1 times, and 0 boots were told",
            false,
            |r| {
                r.boots.remove("3.10");
            },
        );
    }

    #[test]
    fn a_kernel_is_the_one_that_was_asked_for() {
        let runs = |release: &str, spec: &str| {
            let (release, spec) = (release.to_owned(), spec.to_owned());
            move |record: &mut Fixture| {
                let version = String::new();
                record.rows[0].kernel = Some(RunningKernel { release, version });
                record.rows[0].spec = spec;
            }
        };
        assert_found(
            "3.10 is a kernel 6.1",
            false,
            runs("6.1.0-50-amd64", "3.10"),
        );
        // Its file may have any name.
        for (release, spec) in [("3.10.11-amd64", "3.10"), ("6.1.0-50-amd64", "./3.10")] {
            assert_eq!(found(runs(release, spec)), (String::new(), false));
        }
    }

    #[test]
    fn the_end_is_that_of_the_cells() {
        assert_found(
            "its end says agreed, and its cells come to disagreed",
            false,
            |r| {
                r.exit = Some(Exit::Agreed);
            },
        );
        // With --strict, what was not run counts.
        let not_run = |record: &mut Fixture, exit| {
            record.rows.truncate(1);
            record.header.kernels.truncate(1);
            record.told.remove("6.1");
            record.rows[0].cells[1].verdict = Verdict::NotRun;
            record.told.get_mut("3.10").unwrap().remove("two");
            record.exit = Some(exit);
        };
        for exit in [Exit::Agreed, Exit::Unable] {
            assert_eq!(found(|r| not_run(r, exit)), (String::new(), false));
        }
    }
}
