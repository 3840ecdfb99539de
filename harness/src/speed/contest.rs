//! Commands timed side by side: one round after the other, so that what else
//! the host does hits all of them alike.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow};

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
    /// What its output must hold, or it did not do what it was to do.
    proof: &'static [u8],
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
        self.enter_with_proof(name, command, b"");
    }

    /// Adds a QEMU that boots the smallest init.
    pub(crate) fn enter_floor(&mut self, name: &str, command: Command) {
        self.enter_with_proof(name, command, init::LINE.trim_ascii_end());
    }

    fn enter_with_proof(&mut self, name: &str, command: Command, proof: &'static [u8]) {
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
                match time(&mut entrant.command, &log) {
                    Ok((took, output)) if contains(&output, entrant.proof) => {
                        entrant.took.push(took);
                    }
                    Ok(_) => entrant.failure = Some("it ended before its init ran".to_owned()),
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

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
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
        let (_guard, dir) = RunDir::temporary().unwrap();
        let mut contest = Contest::new(&dir);
        contest.enter("slow", shell("sleep 0.1"));
        contest.enter("fails", shell("echo no kernel; exit 1"));
        contest.enter_floor("boots", shell("echo strata floor"));
        contest.enter_floor("does not boot", shell("echo SeaBIOS"));
        contest.hold(3);
        assert!(contest.took("slow").unwrap().wall.as_millis() >= 100);
        assert!(contest.took("boots").is_ok());
        let why = |name| contest.took(name).unwrap_err().to_string();
        assert!(why("fails").ends_with("no kernel"));
        assert!(why("does not boot").contains("before its init ran"));
        assert!(why("nobody").contains("not timed"));
    }
}
