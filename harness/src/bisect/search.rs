//! A search by halving over numbered positions.

use std::collections::BTreeMap;

/// How a position is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It behaves as it should.
    Good,
    /// It is not.
    Bad,
    /// It cannot be tested.
    Skip,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What was found.
    pub outcome: SearchOutcome,
    /// Positions that contradict a single change: there is more than one, of which the
    /// search has found one.
    pub contradictions: Vec<usize>,
    /// The mark of each position that was tested.
    pub answers: BTreeMap<usize, Mark>,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchOutcome {
    /// Two positions that differ. All between them were skipped.
    Change {
        /// The lower one.
        before: usize,
        /// The higher one.
        after: usize,
    },
    /// All positions that were tested have the same mark.
    NoChange,
    /// No position can be tested.
    Nothing,
}

/// Finds two neighbours among `0..count` that differ, by halving.
///
/// Tests both ends, then the middle, or the position nearest to it that can be tested.
/// When a pair is found, one more position on either side is tested, in the middle of
/// the longest untested stretch, to detect a behaviour that comes and goes.
///
/// # Errors
/// The first error of `test`.
pub fn search<E>(count: usize, test: impl FnMut(usize) -> Result<Mark, E>) -> Result<Search, E> {
    let mut asked = Asked {
        test,
        answers: BTreeMap::new(),
        contradictions: Vec::new(),
    };
    Ok(Search {
        outcome: asked.run(count)?,
        contradictions: asked.contradictions,
        answers: asked.answers,
    })
}

struct Asked<F> {
    test: F,
    answers: BTreeMap<usize, Mark>,
    contradictions: Vec<usize>,
}

impl<E, F: FnMut(usize) -> Result<Mark, E>> Asked<F> {
    fn run(&mut self, count: usize) -> Result<SearchOutcome, E> {
        let Some((first, low)) = self.first_of(0..count)? else {
            return Ok(SearchOutcome::Nothing);
        };
        let (last, high) = self
            .first_of((first + 1..count).rev())?
            .unwrap_or((first, low));
        let mut after = last;
        if low == high {
            // The behaviour may come and go between them.
            match self.middle_of(first, last)? {
                Some((middle, answer)) if answer != low => {
                    self.contradictions.push(last);
                    after = middle;
                }
                _ => return Ok(SearchOutcome::NoChange),
            }
        }
        let mut before = first;
        while let Some((middle, answer)) = self.middle_of(before, after)? {
            if answer == low {
                before = middle;
            } else {
                after = middle;
            }
        }
        for (from, to, end) in [(first, before, before), (after, last, after)] {
            if let Some((from, to)) = self.longest_stretch(from, to)
                && let Some((position, answer)) = self.middle_of(from, to)?
                && Some(&answer) != self.answers.get(&end)
            {
                self.contradictions.push(position);
            }
        }
        Ok(SearchOutcome::Change { before, after })
    }

    /// Tests a position that was not tested before.
    fn ask(&mut self, position: usize) -> Result<Option<(usize, Mark)>, E> {
        let answer = (self.test)(position)?;
        self.answers.insert(position, answer);
        Ok((answer != Mark::Skip).then_some((position, answer)))
    }

    /// The first of these positions that can be tested.
    fn first_of(
        &mut self,
        positions: impl Iterator<Item = usize>,
    ) -> Result<Option<(usize, Mark)>, E> {
        for position in positions {
            if let Some(answer) = self.ask(position)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// The untested position nearest to the middle between two others that can be
    /// tested.
    fn middle_of(&mut self, low: usize, high: usize) -> Result<Option<(usize, Mark)>, E> {
        let middle = low + (high - low) / 2;
        let mut left: Vec<usize> = (low + 1..high)
            .filter(|position| !self.answers.contains_key(position))
            .collect();
        left.sort_by_key(|position| position.abs_diff(middle));
        self.first_of(left.into_iter())
    }

    /// The longest untested stretch between two positions: the tested positions at its
    /// ends.
    fn longest_stretch(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let known: Vec<usize> = self.answers.range(from..=to).map(|(at, _)| *at).collect();
        let stretches = known.windows(2).map(|pair| (pair[0], pair[1]));
        stretches
            .filter(|(from, to)| to - from > 1)
            .max_by_key(|(from, to)| to - from)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use Mark::{Bad, Good, Skip};

    fn run(oracle: &[Mark]) -> Search {
        let mut asked = vec![0; oracle.len()];
        let test = |position: usize| -> Result<Mark, Infallible> {
            asked[position] += 1;
            Ok(oracle[position])
        };
        let Ok(search) = search(oracle.len(), test);
        assert!(
            asked.iter().all(|&times| times <= 1),
            "{oracle:?}: {asked:?}"
        );
        search
    }

    /// Where answers, skips aside, change.
    fn changes(oracle: &[Mark]) -> usize {
        let said: Vec<Mark> = oracle.iter().copied().filter(|a| *a != Skip).collect();
        said.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// Every way to answer at up to nine positions.
    fn oracles() -> impl Iterator<Item = Vec<Mark>> {
        (0..=9u32).flat_map(|count| {
            (0..3usize.pow(count)).map(move |number| {
                let digit = |at: u32| number / 3usize.pow(at) % 3;
                (0..count).map(|at| [Good, Bad, Skip][digit(at)]).collect()
            })
        })
    }

    #[test]
    fn any_answers_give_a_pair_that_differs_with_only_skips_between() {
        for oracle in oracles() {
            let search = run(&oracle);
            let all_skip = oracle.iter().all(|answer| *answer == Skip);
            match search.outcome {
                SearchOutcome::Change { before, after } => {
                    assert_ne!(oracle[before], oracle[after], "{oracle:?}");
                    assert!(before < after && ![oracle[before], oracle[after]].contains(&Skip));
                    for position in before + 1..after {
                        assert_eq!(search.answers.get(&position), Some(&Skip), "{oracle:?}");
                    }
                }
                SearchOutcome::NoChange => assert!(!all_skip, "{oracle:?}"),
                SearchOutcome::Nothing => assert!(all_skip, "{oracle:?}"),
            }
            for (position, answer) in search.answers {
                assert_eq!(oracle[position], answer);
            }
        }
    }

    #[test]
    fn one_change_is_found_at_every_place_with_any_skips() {
        for oracle in oracles() {
            let search = run(&oracle);
            match changes(&oracle) {
                0 => assert!(
                    !matches!(search.outcome, SearchOutcome::Change { .. }),
                    "{oracle:?}"
                ),
                1 => {
                    assert!(
                        matches!(search.outcome, SearchOutcome::Change { .. }),
                        "{oracle:?}"
                    );
                    assert!(search.contradictions.is_empty(), "{oracle:?}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn answers_that_do_not_fit_together_are_named_and_real() {
        for oracle in oracles() {
            let search = run(&oracle);
            let seen: Vec<Mark> = search.answers.values().copied().collect();
            // What was seen to come and go is said, and nothing else is.
            assert_eq!(
                search.contradictions.is_empty(),
                changes(&seen) < 2,
                "{oracle:?}: {search:?}"
            );
        }
    }

    #[test]
    fn what_came_and_went_is_noticed_at_the_quarters() {
        // Good, then bad, then good again: the ends agree, the middle does not.
        let search = run(&[Good, Good, Bad, Bad, Bad, Good, Good]);
        assert_eq!(
            search.outcome,
            SearchOutcome::Change {
                before: 1,
                after: 2
            }
        );
        assert_eq!(search.contradictions, [6]);
        // A stretch that halving alone never looks into.
        let mut oracle = vec![Good; 9];
        oracle.extend([Bad; 23]);
        oracle[23] = Good;
        assert_eq!(run(&oracle).contradictions, [23]);
    }

    #[test]
    fn a_thousand_kernels_take_a_dozen_boots() {
        for boundary in 1..1000 {
            let mut oracle = vec![Good; 1000];
            oracle[boundary..].fill(Bad);
            let search = run(&oracle);
            let (before, after) = (boundary - 1, boundary);
            assert_eq!(search.outcome, SearchOutcome::Change { before, after });
            assert!(search.answers.len() <= 14, "{}", search.answers.len());
        }
    }

    #[test]
    fn an_error_ends_it() {
        let mut asked = 0;
        let failed = search(9, |_| {
            asked += 1;
            Err::<Mark, _>("no QEMU")
        });
        assert_eq!((failed, asked), (Err("no QEMU"), 1));
    }
}
