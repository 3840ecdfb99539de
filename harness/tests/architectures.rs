//! What holds of one processor alone stands in one place.
//!
//! A constant of an architecture stands in its value (`guest/src/arch`), instructions and
//! registers in `guest/src/processor`, and what an image begins with in
//! `images/src/kernel_image`. Code elsewhere that names an architecture, or asks for which
//! one it is compiled, is a fault. Comments, examples in help texts and tests may name them.

use std::fs;
use std::path::Path;

/// The folders that are looked at.
const FOLDERS: &[&str] = &[
    "guest/src",
    "guest/binary/src",
    "images/src",
    "harness/src",
    "xtask/src",
];

/// Where an architecture may be named.
const PLACES: &[&str] = &[
    "guest/src/arch/",
    "guest/src/processor/",
    "images/src/kernel_image/",
];

/// What names one, in small letters.
const PATTERNS: &[&str] = &[
    "x86",
    "amd64",
    "i386",
    "em_386",
    "aarch64",
    "arm64",
    "armhf",
    "riscv",
    "ttys0",
    "ttyama",
    "ld-linux",
    "asm!",
    "target_arch",
    "isa-",
    "seabios",
    "io-apic",
    "\"rip: ",
    "common_interrupt",
    "_irq",
];

/// Lines that name one for a reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The names of the values, for other crates.
    ("guest/src/lib.rs", "pub use arch::"),
    // What a person is told to write.
    ("images/src/catalogue/spec.rs", "arm64/6.1"),
    // Claims that differ, and why.
    ("guest/src/scenarios/", "AARCH64"),
    ("guest/src/scenarios/", ".because("),
    // Another publisher's title of a change.
    ("guest/src/scenarios/", ".commit("),
    // Where the packages of QEMU have the firmware, whichever of them it is.
    ("images/src/tools/launch.rs", "usr/share/seabios"),
];

#[test]
fn an_architecture_is_named_in_its_value_alone() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = 0;
    let mut faults = Vec::new();
    for folder in FOLDERS {
        each_file(&workspace.join(folder), &mut |path| {
            files += 1;
            let name = path.strip_prefix(&workspace).unwrap().to_str().unwrap();
            let text = fs::read_to_string(path).unwrap();
            faults.extend(faults_of(name, &text));
        });
    }
    assert!(files > 300, "only {files} files");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn each_file(dir: &Path, look: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path);
        }
    }
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    if PLACES.iter().any(|place| name.starts_with(place)) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut in_help = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim() == "#[cfg(test)]" {
            // Tests stand at the end of a file.
            let rest = text.lines().nth(number + 1).unwrap_or_default();
            if rest.contains("mod tests") {
                break;
            }
        }
        in_help |= line.contains("after_help = \"");
        let is_help = in_help;
        in_help &= !line.contains("\")]");
        if is_help || line.trim_start().starts_with("//") {
            continue;
        }
        let lower = line.to_lowercase();
        let is_excepted =
            |(place, words): &(&str, &str)| name.starts_with(place) && line.contains(words);
        if let Some(pattern) = PATTERNS.iter().find(|pattern| lower.contains(**pattern))
            && !EXCEPTIONS.iter().any(is_excepted)
        {
            faults.push(format!("{name}:{}: {pattern}: {}", number + 1, line.trim()));
        }
    }
    faults
}

#[test]
fn a_constant_elsewhere_is_found() {
    let faults = |name: &str, text: &str| faults_of(name, text).len();
    for line in [
        "let console = \"console=ttyS0\";",
        "#[cfg(target_arch = \"x86_64\")]",
        "if machine == EM_X86_64 {",
        "    unsafe { asm!(\"ud2\") }",
    ] {
        assert_eq!(faults("harness/src/machine/mod.rs", line), 1, "{line}");
        assert_eq!(faults("guest/src/arch/x86_64.rs", line), 0, "{line}");
        let in_comment = format!("    // {line}");
        assert_eq!(
            faults("harness/src/machine/mod.rs", &in_comment),
            0,
            "{line}"
        );
        let in_test = format!("#[cfg(test)]\nmod tests {{\n{line}\n}}");
        assert_eq!(faults("harness/src/machine/mod.rs", &in_test), 0, "{line}");
    }
    let help = "#[command(after_help = \"\nExamples:\n  run arm64/6.1\")]\nlet arm64 = 1;";
    assert_eq!(faults("xtask/src/commands/run.rs", help), 1);
}
