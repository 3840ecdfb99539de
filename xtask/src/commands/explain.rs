use anyhow::Result;
use clap::Args;
use harness::{Exit, Subject, SuiteFile, report, scenarios_named};
use images::{Catalogue, Spec};

use crate::stdout::print;

/// Say what is claimed of a scenario, why, and what it rests on
///
/// Prints each range of versions with what a kernel must show, the commit that
/// made it so, the point releases it was backported to, where people met it,
/// and the kernels on which it was seen (`basis: source` where there are none).
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask explain                                all scenarios
  cargo xtask explain unshare_newpid_multithreaded
  cargo xtask explain unshare_newpid_multithreaded --kernel 3.10
  cargo xtask explain unshare_newpid_multithreaded --kernel 6.1.176
  cargo xtask explain probe::mseal
  cargo xtask explain --kernel ./arch/x86/boot/bzImage")]
pub(crate) struct ExplainCommand {
    /// A scenario, or a case of the tests in strata.toml; all scenarios where none is named
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,

    /// Say first what is claimed of this kernel: 3.10, 6.1.176, or the path of
    /// a bzImage
    #[arg(long, value_name = "KERNEL")]
    kernel: Option<Spec>,
}

impl ExplainCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let (cases, scenarios): (Vec<String>, Vec<String>) =
            (self.scenarios.iter().cloned()).partition(|name| name.contains("::"));
        for case in &cases {
            print(SuiteFile::find()?.explain(case)?);
        }
        if scenarios.is_empty() && !cases.is_empty() {
            return Ok(Exit::Agreed);
        }
        let scenarios = scenarios_named(&scenarios)?;
        let subjects = match &self.kernel {
            Some(spec) => Subject::named(spec, &Catalogue::of_user()?)?,
            None => Vec::new(),
        };
        for scenario in scenarios {
            for subject in &subjects {
                print(format_args!(
                    "{}\n",
                    report::explain_kernel(scenario, subject)
                ));
            }
            print(format_args!("{}\n", report::explain(scenario)));
        }
        Ok(Exit::Agreed)
    }
}
