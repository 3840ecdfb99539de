//! A script that starts QEMU, for stand-ins in tests.

use super::Launch;
use crate::system::quoted;

/// A shell script that starts a program as `launch` says, with the arguments that the
/// script itself is given.
#[must_use]
pub fn launch_script(launch: &Launch) -> String {
    let mut text = "#!/bin/sh\n".to_owned();
    for name in &launch.removed {
        text.push_str(&format!("unset {}\n", quoted(name)));
    }
    for (name, value) in &launch.environment {
        text.push_str(&format!("export {}={}\n", quoted(name), quoted(value)));
    }
    text.push_str("exec");
    let program = launch.program.as_os_str();
    for word in std::iter::once(program).chain(launch.arguments.iter().map(AsRef::as_ref)) {
        text.push_str(&format!(" {}", quoted(word)));
    }
    text.push_str(" \"$@\"\n");
    text
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_script_starts_what_it_stands_for() {
        let mut launch = Launch::of_host("/bin/sh");
        launch.arguments = ["-c", "echo $A $B \"$1\" \"$2\"", "it's"]
            .map(Into::into)
            .into();
        launch.environment = vec![("A".into(), "a  b".into())];
        launch.removed = vec!["B".into()];
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &launch_script(&launch), "script", "one", "two words"]);
        let output = command.env("B", "the host's").output().unwrap();
        assert_eq!(output.stdout, b"a b one two words\n");
    }
}
