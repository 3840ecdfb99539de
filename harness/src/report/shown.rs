//! What is known of a kernel, as text.

use std::fmt::Write;

use crate::kernels::{ComparedKernels, ShownKernel};

/// The widest column of values.
const WIDTH: usize = 24;

/// A kernel: what it is, where it is from, and what it was built with. Of its options, how
/// many there are, or those that were asked for.
#[must_use]
pub fn shown(kernel: &ShownKernel, asked: bool) -> String {
    let mut text = format!("{}\n", kernel.name);
    let mut line = |word: &str, value: &str| {
        let _ = writeln!(text, "  {word:8}{value}");
    };
    line("release", &kernel.release);
    let whose = match &kernel.vendor {
        Some(vendor) => format!(", changed by a vendor ({vendor})"),
        None => String::new(),
    };
    let base = kernel.base.as_deref().unwrap_or("not told");
    line("base", &format!("{base}{whose}"));
    line("from", &kernel.from);
    line("image", &kernel.image.display().to_string());
    if let Some(why) = &kernel.no_config {
        line("config", &format!("cannot be had: {why}"));
    } else if asked {
        for (option, value) in &kernel.config {
            line("config", &setting(option, value.as_deref()));
        }
    } else {
        let count = |wanted: &str| kernel.all.options().filter(|it| it.1 == wanted).count();
        let counts = format!("{} built in, {} modules", count("y"), count("m"));
        line("config", &counts);
    }
    text
}

fn setting(option: &str, value: Option<&str>) -> String {
    match value {
        Some("y") => format!("CONFIG_{option}=y (built in)"),
        Some("m") => format!("CONFIG_{option}=m (a module)"),
        Some(value) => format!("CONFIG_{option}={value}"),
        None => format!("CONFIG_{option} is not set"),
    }
}

/// How two kernels differ: a line an option.
#[must_use]
pub fn compared(compared: &ComparedKernels) -> String {
    let [one, other] = compared
        .kernels
        .each_ref()
        .map(|kernel| kernel.name.as_str());
    let dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![["option".to_owned(), one.to_owned(), other.to_owned()]];
    rows.extend(
        compared
            .config
            .iter()
            .map(|(option, [one, other])| [format!("CONFIG_{option}"), dash(one), dash(other)]),
    );
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    // A value may be a whole line, such as that of the compiler.
    let (first, second) = (width(0), width(1).min(WIDTH));
    let mut text = String::new();
    for [option, one, other] in &rows {
        let _ = writeln!(text, "{option:first$}  {one:second$}  {other}");
    }
    let _ = writeln!(text, "\n{} options differ", compared.config.len());
    text
}
