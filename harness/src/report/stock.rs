//! The inventory of kernels as a table.

use std::fmt::Write;

use images::{Checked, Removed};

use super::aligned::aligned;
use crate::kernels::Stock;

/// One line for each kernel: name, version, suite, and what is in the cache.
#[must_use]
pub fn stock(stocks: &[Stock]) -> String {
    let mut rows = vec![["kernel", "version", "suite", "cached", "from"].map(str::to_owned)];
    rows.extend(stocks.iter().map(row));
    let mut text = aligned(&rows);
    let cached = stocks.iter().filter_map(|stock| stock.cached.as_ref());
    let (count, bytes) = cached.fold((0, 0), |(count, bytes), c| (count + 1, bytes + c.size));
    let size = size(bytes);
    let _ = writeln!(
        text,
        "\n{count} in the cache, {size}; * is tested by default"
    );
    text
}

fn row(stock: &Stock) -> [String; 5] {
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mark = if stock.default { " *" } else { "" };
    let cached = stock.cached.as_ref();
    let held = cached.map(|cached| match stock.debian.as_ref() {
        Some(debian) if *debian == cached.debian => size(cached.size),
        // Another version of the series, or one that is not in the catalogue.
        _ => format!("{} {}", cached.debian, size(cached.size)),
    });
    [
        format!("{}{mark}", dash(&stock.name)),
        dash(&stock.debian),
        dash(&stock.suite),
        held.unwrap_or_default(),
        match (cached, &stock.remark) {
            (Some(cached), _) => from(&cached.source),
            (None, Some(remark)) => remark.clone(),
            (None, None) => String::new(),
        },
    ]
}

/// The host of an address: the path in an archive repeats the other columns.
fn from(source: &str) -> String {
    let host = source.split_once("://").map(|(_, rest)| rest);
    let host = host.and_then(|rest| rest.split('/').next());
    host.unwrap_or(source).to_owned()
}

/// Bytes, for people.
fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// One line for each image: what is wrong with it, and what to do.
#[must_use]
pub fn checked(images: &[Checked]) -> String {
    let mut text = String::new();
    for Checked {
        name, dir, problem, ..
    } in images
    {
        let _ = match problem {
            None => writeln!(text, "{name}: intact"),
            Some(problem) => writeln!(text, "{name}: WRONG: {problem} ({})", dir.display()),
        };
    }
    let altered = images
        .iter()
        .filter(|image| image.problem.is_some())
        .count();
    let count = images.len();
    let _ = writeln!(text, "{count} in the cache, {altered} of them wrong");
    if altered > 0 {
        text.push_str("the next use of a wrong one removes it and obtains it again\n");
    }
    text
}

/// One line for each version, and the total.
#[must_use]
pub fn removed(versions: &[Removed]) -> String {
    let mut text = String::new();
    for removed in versions {
        let _ = writeln!(text, "{}: removed, {}", removed.name, size(removed.size));
    }
    let bytes = versions.iter().map(|removed| removed.size).sum();
    let _ = writeln!(text, "{} freed", size(bytes));
    text
}
