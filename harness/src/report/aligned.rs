//! Columns of text.

use std::fmt::Write;

use itertools::Itertools;

/// Rows of as many cells as the first one, a line each: columns are as wide as their longest
/// cell, with two blanks between them.
pub(super) fn aligned<R: AsRef<[String]>>(rows: &[R]) -> String {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let length = |row: &R, column: usize| row.as_ref()[column].chars().count();
    let width = |column| rows.iter().map(|row| length(row, column)).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.as_ref().iter().zip(&widths);
        let line = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .join("  ");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
