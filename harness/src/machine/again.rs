//! A boot that is repeated, for its end was the host's fault.

use anyhow::Result;
use guest::{RunningKernel, arch};

use crate::results::End;
use crate::system::RunDir;

/// How often a boot is repeated after a panic that is the host's fault.
const RETRIES: usize = 3;

/// The words of the panic, if a boot ended by the host's fault before the guest came
/// up.
pub(crate) fn hosts_fault(kernel: Option<&RunningKernel>, end: &End) -> Option<String> {
    let known = |panic: &str| {
        let mut words = arch::ALL.into_iter().filter_map(|arch| arch.hosts_fault);
        words.any(|words| panic.contains(words))
    };
    match (kernel, end) {
        (None, End::Panicked(panic)) if known(panic) => Some(panic.clone()),
        _ => None,
    }
}

/// Runs `attempt`, and retries it up to 3 times in a fresh `retryN` directory while
/// `fault` blames the host. Pushes each reason onto `retries`.
pub(crate) fn again_if<T>(
    dir: &RunDir,
    retries: &mut Vec<String>,
    mut attempt: impl FnMut(&RunDir) -> Result<T>,
    fault: impl Fn(&T) -> Option<String>,
) -> Result<T> {
    let mut result = attempt(dir)?;
    for retry in 1..=RETRIES {
        let Some(why) = fault(&result) else { break };
        retries.push(why);
        result = attempt(&dir.retry(retry)?)?;
    }
    Ok(result)
}

/// How often boots were repeated, and why; empty if none was.
pub(crate) fn booted_again(retries: &[String]) -> String {
    match retries {
        [] => String::new(),
        [.., last] => format!(
            ", booted again {} time{} ({last})",
            retries.len(),
            if retries.len() == 1 { "" } else { "s" }
        ),
    }
}
