//! Kernels, as the jobs of a GitHub workflow.

use std::num::NonZeroUsize;

use images::Kernel;
use serde_json::{Value, json};

use crate::results::Shard;

/// How many jobs GitHub makes of one matrix at most.
/// <https://docs.github.com/en/actions/reference/limits>
const JOBS: usize = 256;

/// More kernels than a matrix may have jobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} kernels, and a matrix of GitHub has {JOBS} jobs at most: name fewer, or split them with \
     `test-kernels --shard`"
)]
pub struct TooManyJobs(usize);

/// A job a kernel, in one line of JSON: what `strategy.matrix` of a workflow
/// takes through `fromJSON`.
///
/// The shard is the one which, of the same kernels, holds exactly this one. So
/// a job that left nothing behind is missed where all are put together.
///
/// # Errors
/// If there are more kernels than GitHub has jobs for.
pub fn github_matrix(kernels: &[Kernel]) -> Result<String, TooManyJobs> {
    if kernels.len() > JOBS {
        return Err(TooManyJobs(kernels.len()));
    }
    let shards = NonZeroUsize::new(kernels.len()).into_iter();
    let jobs = kernels.iter().zip(shards.flat_map(Shard::all));
    let job = |(kernel, shard): (&Kernel, Shard)| json!({"kernel": kernel.name(), "shard": shard});
    let jobs: Vec<Value> = jobs.map(job).collect();
    Ok(json!({ "include": jobs }).to_string())
}

#[cfg(test)]
mod tests {
    use images::{Catalogue, Spec};

    use super::*;

    fn select(specs: &[&str]) -> Vec<Kernel> {
        let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
        Catalogue::builtin().select(&specs).unwrap()
    }

    #[test]
    fn a_job_a_kernel() {
        assert_eq!(
            github_matrix(&select(&["6.1", "3.10"])).unwrap(),
            r#"{"include":[{"kernel":"3.10","shard":"1/2"},{"kernel":"6.1","shard":"2/2"}]}"#
        );
        assert_eq!(github_matrix(&[]).unwrap(), r#"{"include":[]}"#);
    }

    #[test]
    fn a_night_of_the_whole_catalogue_fits() {
        let all = select(&["all"]);
        let json = github_matrix(&all).unwrap();
        assert_eq!(json.matches("kernel").count(), all.len());
        for (index, shard) in Shard::all(all.len().try_into().unwrap()).enumerate() {
            assert_eq!(shard.part(all.clone()), [all[index].clone()]);
        }
    }

    #[test]
    fn more_than_github_takes_are_refused() {
        let kernels = vec![select(&["6.1"]).remove(0); 257];
        assert!(github_matrix(&kernels[1..]).is_ok());
        let error = github_matrix(&kernels).unwrap_err();
        assert!(error.to_string().contains("257"), "{error}");
    }
}
