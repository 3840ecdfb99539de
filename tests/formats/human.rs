use rexpect::session::spawn_command;

use super::*;

/// How long a run may take, in milliseconds.
const PATIENCE: u64 = 10 * 60 * 1000;

/// What a run writes to a terminal.
fn on_a_terminal(no_colour: bool) -> String {
    let mut command = xtask();
    command
        .args(["test-kernels", "6.1", "--scenario", SCENARIOS[0]])
        .args(["--scenario", SCENARIOS[1]])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("GITHUB_ACTIONS");
    if no_colour {
        command.env("NO_COLOR", "1");
    }
    spawn_command(command, Some(PATIENCE))
        .unwrap()
        .exp_eof()
        .unwrap()
}

#[test]
fn a_terminal_sees_bars_and_colours() {
    let text = on_a_terminal(false);
    for words in [
        "6.1  ",
        " booting, 0s",
        "6.1: 2 of 2 passed in ",
        "\x1b[32mpass\x1b[0m",
    ] {
        assert!(text.contains(words), "{words:?} is missing:\n{text}");
    }
}

#[test]
fn no_color_turns_colours_off() {
    let text = on_a_terminal(true);
    assert!(
        text.contains("  pass") && text.contains(" booting, 0s"),
        "{text}"
    );
    // Escape sequences of colours end with m, unlike those of a bar.
    let colours = text.split("\x1b[").skip(1).filter(|code| {
        let end = code.find(|c: char| c.is_ascii_alphabetic());
        end.is_some_and(|end| code[end..].starts_with('m'))
    });
    assert_eq!(colours.count(), 0, "{text:?}");
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let output = run("human");
    assert!(!output.stdout.contains(&b'\x1b') && !output.stderr.contains(&b'\x1b'));
    let stderr = String::from_utf8(output.stderr).unwrap();
    // On a slow host there are other lines in between, about progress.
    let mut lines = stderr.lines();
    for words in ["QEMU ", "accelerator ", "6.1: 2 of 2 passed in "] {
        let found = lines.any(|line| line.starts_with(words));
        assert!(found, "{words:?} does not begin a line in:\n{stderr}");
    }
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("kernel  "), "{stdout}");
}
