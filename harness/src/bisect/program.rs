//! A program's exit status, asked of one kernel, as `git bisect run` does.

use super::{Showed, Trial};

/// The exit status with which a program says that it cannot tell.
const SKIP: i32 = 125;

/// What a program's exit status on a kernel means: 0 is good, 125 skips the
/// kernel, all else is bad.
///
/// `status` is what became of the run: the exit status (128+n for signal n), or
/// why there is none, such as a kernel that does not boot.
#[must_use]
pub fn ask_program(status: Result<i32, String>) -> Trial {
    let showed = |class: &str, status: i32| {
        Trial::Showed(Showed {
            class: class.to_owned(),
            text: format!("{class} (exit status {status})"),
            version: None,
            disagrees: false,
        })
    };
    match status {
        Err(why) => Trial::Skipped(why),
        Ok(SKIP) => Trial::Skipped(format!("the program says so (exit status {SKIP})")),
        Ok(0) => showed("good", 0),
        Ok(status) => showed("bad", status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_mean_what_git_bisect_takes_them_for() {
        let class = |status| match ask_program(status) {
            Trial::Showed(showed) => showed.class,
            Trial::Skipped(_) => "skip".to_owned(),
        };
        assert_eq!(class(Ok(0)), "good");
        assert_eq!(class(Ok(1)), "bad");
        assert_eq!(class(Ok(139)), "bad");
        assert_eq!(class(Ok(125)), "skip");
        assert_eq!(class(Err("it does not boot".to_owned())), "skip");
    }
}
