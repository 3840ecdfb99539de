//! The kernels of a bisection, oldest first.

use anyhow::Result;
use guest::Version;
use images::{Catalogue, Kernel, Spec};

use crate::kernels::Subject;

/// A kernel that may be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name and version.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    version: Version,
}

/// The ends of a range, as the user named them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// A kernel that behaves as it should.
    pub good: Option<Spec>,
    /// A kernel that does not; it may be older than the good one.
    pub bad: Option<Spec>,
}

/// A request that does not name a range of kernels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// An end that names more than one kernel.
    #[error("{spec} is {} kernels ({}); name one of them", names.len(), some(names))]
    Ambiguous {
        /// What was asked for.
        spec: String,
        /// Which kernels that names.
        names: Vec<String>,
    },
    /// An image without a version, so that it has no place in the order.
    #[error("the image {name} does not say its version, so it has no place in the order")]
    NoVersion {
        /// The image.
        name: String,
    },
    /// Fewer than two kernels.
    #[error(
        "both ends of the range are the same kernel: name two that differ, such as --good 3.8 \
         --bad 3.13, or more kernels with --kernel"
    )]
    TooFew,
}

/// The kernels to search, oldest first: those of `specs`, or the whole catalogue
/// where there are none, from one end to the other.
///
/// # Errors
/// A [`RangeError`], or an [`images::SelectError`] for an unknown kernel.
pub fn candidates(catalogue: &Catalogue, specs: &[Spec], ends: &Ends) -> Result<Vec<Candidate>> {
    let kernels = match specs {
        [] => match point_releases(catalogue, ends) {
            Some(kernels) => kernels,
            None => catalogue.select(&["all".parse()?])?,
        },
        specs => catalogue.select(specs)?,
    };
    let mut all: Vec<Candidate> = kernels.into_iter().map(candidate).collect::<Result<_>>()?;
    let mut limits = Vec::new();
    for spec in [&ends.good, &ends.bad].into_iter().flatten() {
        let end = the_one(catalogue, spec)?;
        limits.push(end.version);
        if all.iter().all(|other| other.kernel != end.kernel) {
            all.push(end);
        }
    }
    // Stable: uploads of one version stay in the order of the catalogue.
    all.sort_by_key(|candidate| candidate.version);
    let (oldest, newest) = match limits[..] {
        [one, other] => (Some(one.min(other)), Some(one.max(other))),
        // The other end is the catalogue's first or last kernel. A kernel named good is
        // taken for the older end.
        [one] if ends.good.is_some() => (Some(one), None),
        [one] => (None, Some(one)),
        _ => (None, None),
    };
    all.retain(|candidate| {
        oldest.is_none_or(|oldest| oldest <= candidate.version)
            && newest.is_none_or(|newest| candidate.version <= newest)
    });
    if all.len() < 2 {
        return Err(RangeError::TooFew.into());
    }
    Ok(all)
}

/// All releases of a source from one end to the other, where both ends are point releases
/// of one series: `mainline/6.12.1` and `mainline/6.12.20`.
fn point_releases(catalogue: &Catalogue, ends: &Ends) -> Option<Vec<Kernel>> {
    let [good, bad] = [&ends.good, &ends.bad].map(|end| Some(end.as_ref()?.to_string()));
    let (good, bad) = (good?, bad?);
    let (source, good) = good.split_once('/')?;
    let (_, bad) = bad.split_once('/').filter(|(other, _)| *other == source)?;
    [(good, bad), (bad, good)]
        .into_iter()
        .find_map(|(from, to)| {
            let range = format!("{source}/{from}..{to}").parse().ok()?;
            catalogue.select(&[range]).ok()
        })
}

/// The one kernel that a spec names.
fn the_one(catalogue: &Catalogue, spec: &Spec) -> Result<Candidate> {
    let mut kernels = catalogue.select(std::slice::from_ref(spec))?;
    // 3.10 may match several uploads: the one of this name in the catalogue is meant.
    let by_name = |kernel: &Kernel| kernel.name() == spec.to_string();
    match (kernels.len(), kernels.iter().position(by_name)) {
        (1, _) => candidate(kernels.remove(0)),
        (_, Some(at)) => candidate(kernels.remove(at)),
        _ => Err(RangeError::Ambiguous {
            spec: spec.to_string(),
            names: kernels.iter().map(Kernel::name).collect(),
        }
        .into()),
    }
}

fn candidate(kernel: Kernel) -> Result<Candidate> {
    let subject = Subject::of(&kernel)?;
    let version = subject.follows().ok_or_else(|| RangeError::NoVersion {
        name: kernel.name(),
    })?;
    Ok(Candidate {
        name: subject.to_string(),
        kernel,
        version,
    })
}

/// The first names of a list.
fn some(names: &[String]) -> String {
    match names.get(..3) {
        Some(first) if names.len() > 3 => format!("{}, …", first.join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(specs: &[&str], good: Option<&str>, bad: Option<&str>) -> Result<Vec<String>> {
        let spec = |text: &str| text.parse::<Spec>().unwrap();
        let specs: Vec<Spec> = specs.iter().copied().map(spec).collect();
        let ends = Ends {
            good: good.map(spec),
            bad: bad.map(spec),
        };
        let candidates = candidates(&Catalogue::builtin(), &specs, &ends)?;
        Ok(candidates.iter().map(|c| c.kernel.name()).collect())
    }

    #[test]
    fn a_range_goes_from_end_to_end_whichever_is_good() {
        let expected = ["3.8", "3.9", "3.10", "3.11", "3.12"];
        assert_eq!(names(&[], Some("3.8"), Some("3.12")).unwrap(), expected);
        assert_eq!(names(&[], Some("3.12"), Some("3.8")).unwrap(), expected);
        assert_eq!(names(&["3.12", "3.8..3.11"], None, None).unwrap(), expected);
    }

    #[test]
    fn between_point_releases_of_a_source_are_its_own() {
        let expected = ["mainline/6.12.1", "mainline/6.12.2", "mainline/6.12.3"];
        let (first, last) = (Some("mainline/6.12.1"), Some("mainline/6.12.3"));
        assert_eq!(names(&[], first, last).unwrap(), expected);
        assert_eq!(names(&[], last, first).unwrap(), expected);
        let apart = names(&[], Some("mainline/6.12.1"), Some("mainline/6.16.3")).unwrap();
        assert_eq!(apart.first().unwrap(), "mainline/6.12.1");
        assert!(apart.contains(&"6.14".to_owned()), "{apart:?}");
        assert_eq!(apart.last().unwrap(), "mainline/6.16.3");
    }

    #[test]
    fn an_end_that_is_left_out_is_that_of_the_catalogue() {
        let all = names(&[], None, None).unwrap();
        assert_eq!(names(&[], Some("3.8"), None).unwrap().last(), all.last());
        assert_eq!(names(&[], None, Some("3.8")).unwrap().first(), all.first());
    }

    #[test]
    fn among_all_uploads_a_series_is_its_kernel_of_the_catalogue() {
        let catalogue = Catalogue::builtin().with_uploads();
        let ends = Ends {
            good: Some("3.10".parse().unwrap()),
            bad: Some("3.11".parse().unwrap()),
        };
        let candidates = candidates(&catalogue, &[], &ends).unwrap();
        let names: Vec<String> = candidates.iter().map(|c| c.kernel.name()).collect();
        assert_eq!(names.first().unwrap(), "3.10");
        assert_eq!(names.last().unwrap(), "3.11");
        assert!(names.contains(&"3.11.8-1".to_owned()), "{names:?}");
    }

    #[test]
    fn an_end_is_one_kernel() {
        let error = names(&[], Some("3"), Some("4.0")).unwrap_err();
        assert!(matches!(
            error.downcast_ref(),
            Some(RangeError::Ambiguous { .. })
        ));
        assert!(error.to_string().contains("name one of them"), "{error}");
        let error = names(&[], Some("3.8"), Some("3.8")).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&RangeError::TooFew));
    }
}
