//! The Test Anything Protocol, and the kernel's variant of it.

use super::{FAILED, OK, SKIPPED, ShownCases};

/// The results of one indentation: those of the program, or of a subtest.
struct Level {
    depth: usize,
    /// How many there are to be, if it said so.
    plan: Option<usize>,
    results: usize,
}

impl Level {
    /// Holds the results against the plan, after the last one.
    fn end(&self, shown: &mut ShownCases) {
        if let Some(plan) = self.plan.filter(|plan| *plan != self.results) {
            let found = self.results;
            shown.note_wrong(format!(
                "its plan says 1..{plan}, and it showed {found} of them"
            ));
        }
    }
}

/// Both protocols name a subtest in a comment before its results, which are indented.
pub(super) fn tap(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    // The subtests around a line, each with its indentation.
    let mut around: Vec<(usize, &str)> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    for line in stdout.lines() {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            around.retain(|(other, _)| *other < depth);
            around.push((depth, name.trim()));
        } else if let Some(why) = text.strip_prefix("Bail out!") {
            shown.note_wrong(format!("it bailed out:{why}"));
        } else if let Some(plan) = tap_plan(text) {
            let level = enter(&mut levels, depth, &mut shown);
            // The output of several programs has several plans.
            level.plan = Some(level.plan.unwrap_or(0).saturating_add(plan));
            shown.is_skipped |= depth == 0 && plan == 0;
        } else if let Some((result, rest)) = tap_result(text) {
            let level = enter(&mut levels, depth, &mut shown);
            level.results += 1;
            let number = level.results.to_string();
            // The result of a subtest is indented less than what is in it.
            around.retain(|(other, _)| *other <= depth && depth > 0);
            let (name, directive) = directive(rest);
            let value = match directive.as_deref() {
                Some("SKIP") => SKIPPED,
                // A failure that is known.
                Some("TODO") if result == FAILED => SKIPPED,
                _ => result,
            };
            let mut path: Vec<&str> = around.iter().map(|(_, name)| *name).collect();
            let name = name.trim_start().trim_start_matches("- ").trim();
            let name = if name.is_empty() { &number } else { name };
            if path.last() != Some(&name) {
                path.push(name);
            }
            let name = path.join("/");
            // Its number is what tells a result from others.
            match shown.names.contains(&name) {
                true => shown.case(&format!("{name} #{number}"), value),
                false => shown.case(&name, value),
            }
        }
    }
    while let Some(level) = levels.pop() {
        level.end(&mut shown);
    }
    if shown.cases.is_empty() && !shown.is_skipped {
        shown.note_wrong("it showed no results: TAP has lines such as `ok 1 - name`".to_owned());
    }
    shown
}

/// The level of an indentation. Those inside it are over.
fn enter<'a>(levels: &'a mut Vec<Level>, depth: usize, shown: &mut ShownCases) -> &'a mut Level {
    while let Some(inner) = levels.pop_if(|level| level.depth > depth) {
        inner.end(shown);
    }
    if levels.last().is_none_or(|level| level.depth < depth) {
        levels.push(Level {
            depth,
            plan: None,
            results: 0,
        });
    }
    let last = levels.len() - 1;
    &mut levels[last]
}

/// How many results a line `1..3` announces.
fn tap_plan(line: &str) -> Option<usize> {
    let count = line.strip_prefix("1..")?;
    let (count, _) = count.split_once('#').unwrap_or((count, ""));
    count.trim().parse().ok()
}

/// The result of a line `ok 1 - name`, of which all but the first word may be missing, and
/// what follows the number: the number, where nothing does.
fn tap_result(line: &str) -> Option<(&'static str, &str)> {
    let (result, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (FAILED, rest),
        None => (OK, line.strip_prefix("ok")?),
    };
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let rest = rest.trim_start();
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    Some((result, if after.trim().is_empty() { rest } else { after }))
}

/// The name of a result, and the first word of its directive, in capitals.
fn directive(text: &str) -> (&str, Option<String>) {
    let hash = match text.strip_prefix('#') {
        Some(rest) => Some(("", rest)),
        None => text.split_once(" #"),
    };
    let Some((name, rest)) = hash else {
        return (text, None);
    };
    let word = rest.split_whitespace().next().map(str::to_ascii_uppercase);
    match word.as_deref() {
        Some("SKIP" | "TODO") => (name, word),
        // A name may have one, too.
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shows;
    use super::super::tests::cases;
    use super::*;

    #[test]
    fn tap_has_subtests_directives_and_numbers() {
        let stdout = "TAP version 14\n1..4\n\
                      # Subtest: outer\n    ok 1 - inner\n    not ok 2 - other\n    1..2\n\
                      not ok 1 - outer\nok 2 plain\nok 3 - later # SKIP no such call\n\
                      not ok 4 - known # TODO fix\n";
        let expected = [
            "outer/inner=ok",
            "outer/other=failed",
            "outer=failed",
            "plain=ok",
            "later=skipped",
            "known=skipped",
        ];
        assert_eq!(cases(Shows::Tap, stdout), expected);
        let ktap = "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: suite\n  1..2\n\
                    \x20 ok 1 first\n  ok 2 second\nok 1 suite\n";
        let expected = ["suite/first=ok", "suite/second=ok", "suite=ok"];
        assert_eq!(cases(Shows::Tap, ktap), expected);
        let bailed = Shows::Tap.read("ok 1 - a\nBail out! no memory\n");
        assert_eq!(bailed.wrong.unwrap(), "it bailed out: no memory");
    }

    #[test]
    fn a_result_needs_neither_number_nor_name() {
        let expected = ["1=ok", "2=failed", "b=failed", "4=failed", "#5 of them=ok"];
        let stdout = "1..5\nok\nnot ok\nnot ok\t3 - b\nnot ok\r\nok - #5 of them\nokay\n";
        assert_eq!(cases(Shows::Tap, stdout), expected);
    }

    #[test]
    fn two_results_may_have_one_description() {
        let expected = ["open=ok", "open #2=failed"];
        let stdout = "1..2\nok 1 - open\nnot ok 2 - open\n";
        assert_eq!(cases(Shows::Tap, stdout), expected);
    }

    #[test]
    fn a_plan_is_held_against_the_results() {
        let wrong = |stdout: &str| tap(stdout).wrong;
        let said = |stdout: &str| wrong(stdout).unwrap();
        assert_eq!(
            said("1..10\nok 1 - a\n"),
            "its plan says 1..10, and it showed 1 of them"
        );
        assert!(said("ok 1 - a\nok 2 - b\n1..1\n").contains("1..1, and it showed 2"));
        let inside = "1..1\n  1..3\n  ok 1 - a\n  ok 2 - b\nok 1 - outer\n";
        assert!(said(inside).contains("1..3, and it showed 2"));
        for none in ["", "1..0x\n", "words\n"] {
            assert!(said(none).starts_with("it showed no results"), "{none}");
        }
        assert!(said("1..5\n").contains("it showed 0"));
        assert_eq!(wrong("ok 1 - without a plan\n"), None);
        assert_eq!(wrong("1..1\n  1..1\n  ok 1 a\nok 1 b\n"), None);
    }

    #[test]
    fn a_program_may_skip_all() {
        let skipped = tap("TAP version 13\n1..0 # SKIP no such call\n");
        assert!(skipped.is_skipped && skipped.wrong.is_none());
        assert!(!tap("1..1\nok 1 - a # skip no such call\n").is_skipped);
    }
}
