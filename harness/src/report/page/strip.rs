//! The cells of a scenario from old to new kernels: where its behaviour changes.

use guest::{Fact, Observation};

use crate::results::Cell;

/// A scenario's cells from old to new, and what each of them shows.
pub(super) struct Strip<'a>(pub(super) Vec<Spot<'a>>);

/// A cell, beside its neighbours.
pub(super) struct Spot<'a> {
    pub(super) cell: &'a Cell,
    /// The index of the behaviour that it shows, by first appearance; none if nothing
    /// was observed.
    pub(super) behaviour: Option<usize>,
    /// The boundary to the older neighbour.
    pub(super) boundary: Boundary,
    /// The text of what is new, and over how many cells it can run.
    pub(super) news: Option<(String, usize)>,
}

/// The boundary between two neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    /// No visible change.
    None,
    /// Another claim holds, and the same is seen.
    Claim,
    /// Another behaviour is seen.
    Behaviour,
}

impl<'a> Strip<'a> {
    /// The cells of a scenario, and where those of one architecture end: a kernel is
    /// compared with an older one of its own alone.
    pub(super) fn of(cells: Vec<&'a Cell>, ends: &[usize]) -> Self {
        let seen: Vec<Option<Observation>> = cells.iter().map(|cell| cell.behaviour()).collect();
        let mut kinds: Vec<&Observation> = Vec::new();
        for observation in seen.iter().flatten() {
            if !kinds.contains(&observation) {
                kinds.push(observation);
            }
        }
        let kind = |observation: &Observation| kinds.iter().position(|kind| *kind == observation);
        let mut spots: Vec<Spot<'a>> = Vec::new();
        let mut before: Option<(&Cell, &Observation)> = None;
        for (at, (cell, observation)) in cells.iter().copied().zip(&seen).enumerate() {
            if ends.contains(&at) {
                before = None;
            }
            let boundary = match (before, observation) {
                (Some((_, old)), Some(new)) if old != new => Boundary::Behaviour,
                (Some((old, _)), Some(_)) if since(old) != since(cell) => Boundary::Claim,
                _ => Boundary::None,
            };
            spots.push(Spot {
                cell,
                behaviour: observation.as_ref().and_then(kind),
                boundary,
                news: None,
            });
            // A red cell may be a fault of the test, so it is not shown as a change of
            // the kernel.
            if let (Some(new), true) = (observation, is_calm(cell)) {
                before = Some((cell, new));
            }
        }
        let mut strip = Self(spots);
        strip.tell(&kinds, ends);
        strip
    }

    /// Sets the text of what is new at the beginning of each stretch of one behaviour.
    fn tell(&mut self, kinds: &[&Observation], ends: &[usize]) {
        let spots = &mut self.0;
        let mut before = None;
        let mut at = 0;
        while at < spots.len() {
            if ends.contains(&at) {
                before = None;
            }
            let (kind, calm) = (spots[at].behaviour, is_calm(spots[at].cell));
            let goes_on = |spot: &Spot<'_>| calm && spot.behaviour == kind && is_calm(spot.cell);
            let next_end = ends.iter().copied().find(|end| *end > at);
            let rest = &spots[at + 1..next_end.unwrap_or(spots.len())];
            let stretch = rest.iter().take_while(|spot| goes_on(spot));
            let end = at + 1 + stretch.count();
            // After a gap or a red cell within a stretch, nothing is new.
            if let Some(kind) = kind.filter(|kind| calm && before != Some(*kind)) {
                let later = || spots[end..].iter().filter_map(|spot| spot.behaviour);
                let other = before.or_else(|| later().find(|later| *later != kind));
                let text = news(kinds[kind], other.map(|other| kinds[other]), end - at);
                spots[at].news = Some((text, end - at));
                before = Some(kind);
            }
            at = end;
        }
    }

    /// How many of its boundaries are changes of behaviour.
    pub(super) fn changes(&self) -> usize {
        let changes = self.0.iter().filter(|spot| spot.changes());
        changes.count()
    }

    pub(super) fn has_red(&self) -> bool {
        self.0.iter().any(|spot| spot.cell.verdict.is_red())
    }
}

impl Spot<'_> {
    /// Whether the kernel behaves otherwise than the older one.
    pub(super) fn changes(&self) -> bool {
        self.boundary == Boundary::Behaviour && is_calm(self.cell)
    }
}

fn is_calm(cell: &Cell) -> bool {
    !cell.verdict.is_red()
}

fn since(cell: &Cell) -> Option<guest::Version> {
    cell.claim.as_ref().map(|claim| claim.since)
}

/// The facts that the other behaviour does not show; all where there is none.
/// In a single cell there is room for a value only.
fn news(this: &Observation, other: Option<&Observation>, cells: usize) -> String {
    let is_new =
        |fact: &&Fact| other.is_none_or(|other| other.get(&fact.name) != Some(fact.value.as_str()));
    let mut new: Vec<&Fact> = this.0.iter().filter(is_new).collect();
    if new.is_empty() {
        new = this.0.iter().collect();
    }
    if cells == 1 {
        return new
            .first()
            .map_or_else(String::new, |fact| fact.value.clone());
    }
    Observation(new.into_iter().cloned().collect()).to_string()
}

#[cfg(test)]
mod tests {
    use guest::{Claim, Observation};

    use super::*;
    use crate::results::{Claimed, Verdict};

    const CLAIMS: [Claim; 3] = [
        Claim::since(3, 2).shows("call=EINVAL child=outer"),
        Claim::since(3, 8).shows("call=EINVAL child=outer"),
        Claim::since(3, 12).shows("call=ok child=outer tries=0..9"),
    ];

    fn cell(claim: usize, verdict: Verdict, observed: &str) -> Cell {
        Cell {
            claim: Some(Claimed::of(&CLAIMS[claim])),
            observed: Observation::written(observed),
            ..Cell::without("example", verdict, "")
        }
    }

    #[test]
    fn boundaries_are_of_claims_and_of_behaviours() {
        let old = "call=EINVAL child=outer";
        let cells = [
            cell(0, Verdict::Passed, old),
            cell(1, Verdict::Passed, old),
            Cell::without("example", Verdict::NotRun, "not run"),
            cell(2, Verdict::Passed, "call=ok child=outer tries=3"),
            cell(2, Verdict::Passed, "call=ok child=outer tries=7"),
            cell(2, Verdict::Failed, old),
            cell(2, Verdict::Passed, "call=ok child=outer tries=0"),
        ];
        let strip = Strip::of(cells.iter().collect(), &[]);
        let boundaries: Vec<Boundary> = strip.0.iter().map(|spot| spot.boundary).collect();
        use Boundary::{Behaviour, Claim, None};
        assert_eq!(
            boundaries,
            [None, Claim, None, Behaviour, None, Behaviour, None]
        );
        let behaviours: Vec<Option<usize>> = strip.0.iter().map(|spot| spot.behaviour).collect();
        assert_eq!(
            behaviours,
            [
                Some(0),
                Some(0),
                Option::None,
                Some(1),
                Some(1),
                Some(0),
                Some(1)
            ]
        );
        // A red cell is no change of behaviour.
        assert_eq!((strip.changes(), strip.has_red()), (1, true));
        let news: Vec<(usize, &(String, usize))> = strip
            .0
            .iter()
            .enumerate()
            .filter_map(|(at, spot)| spot.news.as_ref().map(|news| (at, news)))
            .collect();
        assert_eq!(
            news,
            [
                (0, &("call=EINVAL".to_owned(), 2)),
                (3, &("call=ok tries=0..9".to_owned(), 2))
            ]
        );
    }

    #[test]
    fn a_behaviour_that_never_changes_is_written_in_full() {
        let cells = [
            cell(0, Verdict::Passed, "call=EINVAL child=outer"),
            cell(1, Verdict::Passed, "call=EINVAL child=outer"),
        ];
        let strip = Strip::of(cells.iter().collect(), &[]);
        assert_eq!(
            strip.0[0].news,
            Some(("call=EINVAL child=outer".to_owned(), 2))
        );
        assert_eq!(strip.changes(), 0);
    }

    #[test]
    fn the_oldest_kernel_of_an_architecture_is_no_change_of_anothers_newest() {
        let new = "call=ok child=outer tries=3";
        let old = "call=EINVAL child=outer";
        let cells = [
            cell(0, Verdict::Passed, old),
            cell(2, Verdict::Passed, new),
            cell(0, Verdict::Passed, old),
            cell(2, Verdict::Passed, new),
            cell(2, Verdict::Passed, new),
        ];
        let strip = Strip::of(cells.iter().collect(), &[2, 4]);
        let boundaries: Vec<Boundary> = strip.0.iter().map(|spot| spot.boundary).collect();
        use Boundary::{Behaviour, None};
        assert_eq!(boundaries, [None, Behaviour, None, Behaviour, None]);
        let news = strip.0.iter().map(|spot| spot.news.as_ref());
        let news: Vec<Option<usize>> = news.map(|news| news.map(|news| news.1)).collect();
        assert_eq!(news, [Some(1); 5]);
    }
}
