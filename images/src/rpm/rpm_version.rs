//! The order of versions of RPM packages.

use std::cmp::Ordering;

/// Compares `VERSION-RELEASE` as `rpm` does (rpm-version(7)).
pub(crate) fn compare(one: &str, two: &str) -> Ordering {
    let parts = |text: &str| {
        let (version, release) = text.rsplit_once('-').unwrap_or((text, ""));
        (version.to_owned(), release.to_owned())
    };
    let ((version, release), (other, other_release)) = (parts(one), parts(two));
    part(&version, &other).then_with(|| part(&release, &other_release))
}

/// Runs of digits are numbers, runs of letters are words, and all else only parts them; a
/// tilde comes before the end, a caret after it and before all else.
fn part(one: &str, two: &str) -> Ordering {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '~' || c == '^';
    let (mut one, mut two) = (one, two);
    loop {
        one = one.trim_start_matches(|c| !is_part(c));
        two = two.trim_start_matches(|c| !is_part(c));
        match (one.strip_prefix('~'), two.strip_prefix('~')) {
            (Some(rest), Some(other)) => {
                (one, two) = (rest, other);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (one.strip_prefix('^'), two.strip_prefix('^')) {
            (Some(rest), Some(other)) => {
                (one, two) = (rest, other);
                continue;
            }
            (Some(_), None) if two.is_empty() => return Ordering::Greater,
            (None, Some(_)) if one.is_empty() => return Ordering::Less,
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (one.is_empty(), two.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let numbers = one.starts_with(|c: char| c.is_ascii_digit());
        let (run, rest) = split(one, numbers);
        let (other, other_rest) = split(two, numbers);
        if other.is_empty() {
            // A number is newer than a word.
            return match numbers {
                true => Ordering::Greater,
                false => Ordering::Less,
            };
        }
        let order = match numbers {
            false => run.cmp(other),
            true => {
                let (run, other) = (run.trim_start_matches('0'), other.trim_start_matches('0'));
                (run.len(), run).cmp(&(other.len(), other))
            }
        };
        if order.is_ne() {
            return order;
        }
        (one, two) = (rest, other_rest);
    }
}

/// The run of digits, or of letters, at the start of a text.
fn split(text: &str, numbers: bool) -> (&str, &str) {
    let is_other = |c: char| match numbers {
        true => !c.is_ascii_digit(),
        false => !c.is_ascii_alphabetic(),
    };
    text.split_at(text.find(is_other).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `rpmdev-vercmp` says of each.
    #[test]
    fn the_order_is_that_of_rpm() {
        for (less, more) in [
            ("1.0", "1.1"),
            ("1.9", "1.10"),
            ("1.0~rc1", "1.0"),
            ("1.0", "1.0^git1"),
            ("1.0^git1", "1.0.1"),
            ("1.0~rc1", "1.0~rc1^git1"),
            ("1.a", "1.1"),
            ("1", "1.a"),
            ("3.10.0-957.el7", "3.10.0-1062.el7"),
            ("3.10.0-1160.el7", "3.10.0-1160.119.1.el7"),
            ("4.18.0-348.el8", "4.18.0-348.7.1.el8_5"),
            ("5.14.0-427.13.1.el9_4", "5.14.0-427.31.1.el9_4"),
            ("6.8.5-301.fc40", "6.8.10-300.fc40"),
        ] {
            assert_eq!(compare(less, more), Ordering::Less, "{less} {more}");
            assert_eq!(compare(more, less), Ordering::Greater, "{less} {more}");
        }
        assert_eq!(compare("1.01", "1_1"), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn it_is_an_order(versions in proptest::collection::vec("[0-9a-b.~^]{0,5}(-[0-9a.]{0,4})?", 3)) {
            let [a, b, c] = [&versions[0], &versions[1], &versions[2]];
            prop_assert_eq!(compare(a, a), Ordering::Equal);
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            if compare(a, b).is_le() && compare(b, c).is_le() {
                prop_assert!(compare(a, c).is_le());
            }
        }
    }
}
