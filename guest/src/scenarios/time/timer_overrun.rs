use nix::sys::signal::{SigEvent, SigSet, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::{ClockId, clock_getres, clock_gettime};

use crate::scenarios::shared::*;

/// A timer that is late counts how often it would have gone off.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "timer_getoverrun(2) of a timer of 1 ns that is 2.3 seconds late",
    probe,
    &[
        Claim::since(3, 2)
            .shows("signal=ok overrun=negative")
            .because("the count has 32 bits, and a sign"),
        Claim::since(4, 19)
            .shows("signal=ok overrun=2147483647")
            .because("what is more than DELAYTIMER_MAX is told as that")
            .commit("78c9c4dfbf8c", "posix-timers: Sanitize overrun handling")
            .backported(versions![
                "3.16.62", "3.18.131", "4.4.168", "4.9.136", "4.14.74", "4.18.12"
            ])
            .links(&["https://nvd.nist.gov/vuln/detail/CVE-2018-12896"]),
    ],
)
.vendors(&[VendorClaim::of("el8")
    .since(147)
    .shows("overrun=2147483647")
    .because("the count of 4.19 is there, in what calls itself 4.18")
    .source("https://github.com/cai-fuqiang/linux-4.18.0-147")]);

/// More nanoseconds than 31 bits have, and by two seconds less than 32 have.
const LATE: TimeSpec = TimeSpec::new(2, 300_000_000);
const NANOSECOND: TimeSpec = TimeSpec::new(0, 1);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // Since the epoch, and not since the boot, which may be a second ago.
    let clock = ClockId::CLOCK_REALTIME;
    if clock_getres(clock)? != NANOSECOND {
        return Err(ProbeError::NotApplicable(
            "CONFIG_HIGH_RES_TIMERS".to_owned(),
        ));
    }
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGALRM);
    signals.thread_block()?;
    let event = SigEvent::new(SigevNotify::SigevSignal {
        signal: Signal::SIGALRM,
        si_value: 0,
    });
    let mut timer = match Timer::new(clock, event) {
        Err(nix::errno::Errno::ENOSYS) => {
            return Err(ProbeError::NotApplicable("CONFIG_POSIX_TIMERS".to_owned()));
        }
        timer => timer?,
    };
    let expiration = Expiration::IntervalDelayed(clock_gettime(clock)? - LATE, NANOSECOND);
    timer.set(expiration, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
    facts.saw_result("signal", &signals.wait());
    match timer.overruns() {
        ..0 => facts.saw("overrun", "negative"),
        count => facts.saw("overrun", count),
    }
    Ok(())
}
