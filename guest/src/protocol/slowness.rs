//! How slow a machine is, by the time it takes to boot.

use std::time::Duration;

/// What a boot takes at most where the host has little else to do: two to three
/// seconds under emulation.
const USUAL_BOOT: Duration = Duration::from_secs(5);
/// The greatest slowness that is allowed for.
const MOST: f64 = 10.0;

/// A deadline for what happens after a boot that took so long. Host and guest
/// allow for the same: the machine that boots three times slower than usual has
/// three times as long.
#[must_use]
pub fn allowing_for(deadline: Duration, boot: Duration) -> Duration {
    let slowness = boot.as_secs_f64() / USUAL_BOOT.as_secs_f64();
    deadline.mul_f64(slowness.clamp(1.0, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_machine_has_longer_and_none_has_for_ever() {
        let second = Duration::from_secs(1);
        assert_eq!(allowing_for(second, 2 * second), second);
        assert_eq!(allowing_for(second, 15 * second), 3 * second);
        assert_eq!(allowing_for(second, 5000 * second), 10 * second);
    }
}
