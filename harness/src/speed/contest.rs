//! Commands timed side by side: one round after the other, so that what else
//! the host does hits all of them alike.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use super::init;
use super::stopwatch::{Took, median, time};
use crate::RunDir;

/// Commands that are to be timed, each under a name.
pub(crate) struct Contest<'a> {
    dir: &'a RunDir,
    entrants: Vec<Entrant>,
}

struct Entrant {
    name: String,
    command: Command,
    /// What its output holds where it did what it was to do; none where its exit
    /// status tells.
    proof: Option<&'static [u8]>,
    took: Vec<Took>,
    failure: Option<String>,
}

impl<'a> Contest<'a> {
    /// Without entrants.
    pub(crate) fn new(dir: &'a RunDir) -> Self {
        Self {
            dir,
            entrants: Vec::new(),
        }
    }

    /// Adds a command that succeeds when it has done its work.
    pub(crate) fn enter(&mut self, name: &str, command: Command) {
        self.add(name, command, None);
    }

    /// Adds a command that boots something which prints [`init::TEXT`].
    pub(crate) fn enter_boot(&mut self, name: &str, command: Command) {
        self.add(name, command, Some(init::TEXT.as_bytes()));
    }

    fn add(&mut self, name: &str, command: Command, proof: Option<&'static [u8]>) {
        self.entrants.push(Entrant {
            name: name.to_owned(),
            command,
            proof,
            took: Vec::new(),
            failure: None,
        });
    }

    /// Times all of them, so many times each. One that fails is not asked again.
    pub(crate) fn hold(&mut self, rounds: usize) {
        let log = self.log();
        for _ in 0..rounds {
            for entrant in self.entrants.iter_mut().filter(|one| one.failure.is_none()) {
                match entrant.time(&log) {
                    Ok(took) => entrant.took.push(took),
                    Err(error) => entrant.failure = Some(format!("{error:#}")),
                }
            }
        }
    }

    /// What one took: the medians of its rounds.
    ///
    /// # Errors
    /// Why it failed, where it did.
    pub(crate) fn took(&self, name: &str) -> Result<Took> {
        let entrant = self.entrants.iter().find(|one| one.name == name);
        let entrant = entrant.ok_or_else(|| anyhow!("{name} was not timed"))?;
        if let Some(failure) = &entrant.failure {
            return Err(anyhow!("{failure}"));
        }
        let wall = median(entrant.took.iter().map(|took| took.wall));
        let cpu = median(entrant.took.iter().map(|took| took.cpu));
        match (wall, cpu) {
            (Some(wall), Some(cpu)) => Ok(Took { wall, cpu }),
            _ => Err(anyhow!("no round was held")),
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("output")
    }
}

impl Entrant {
    fn time(&mut self, log: &Path) -> Result<Took> {
        let run = time(&mut self.command, log)?;
        let last = String::from_utf8_lossy(&run.output);
        let last = last.lines().rfind(|line| !line.trim().is_empty());
        match self.proof {
            None if run.status != 0 => {
                bail!("wait status {}: {}", run.status, last.unwrap_or_default())
            }
            Some(proof) if !contains(&run.output, proof) => {
                bail!("nothing ran in it: {}", last.unwrap_or_default())
            }
            _ => Ok(run.took),
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn one_that_fails_has_no_figure_and_the_others_have() {
        let dir = RunDir::of_run(&format!("tests-contest-{}", std::process::id())).unwrap();
        let mut contest = Contest::new(&dir);
        contest.enter("slow", shell("sleep 0.1"));
        contest.enter("fails", shell("echo no kernel; exit 1"));
        contest.enter_boot("boots", shell("echo strata floor"));
        contest.enter_boot("does not boot", shell("echo SeaBIOS"));
        contest.hold(3);
        assert!(contest.took("slow").unwrap().wall.as_millis() >= 100);
        assert!(contest.took("boots").is_ok());
        let why = |name| contest.took(name).unwrap_err().to_string();
        assert!(why("fails").ends_with("no kernel"));
        assert!(why("does not boot").contains("nothing ran in it: SeaBIOS"));
        assert!(why("nobody").contains("not timed"));
    }
}
