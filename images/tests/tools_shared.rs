//! The tools in the cache: killed at any moment, used by many.

mod support;

use std::env;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use images::{Catalogue, Silent, Store, StoreBuilder};
use rand::Rng;
use support::TestArchive;
use support::tools::{OWN_QEMU, QEMU, bookworm, pinned, tool};

/// Set for the process that obtains QEMU: where its archive is.
const PLACE: &str = "STRATA_TEST_TOOLS";

/// Obtains QEMU in another process, which runs this test again.
struct Other<'a> {
    test: &'a str,
    archive: &'a TestArchive,
}

impl Other<'_> {
    fn start(&self) -> Child {
        let place = format!(
            "{} {}",
            self.archive.dir.path().display(),
            self.archive.server.url("debian")
        );
        Command::new(env::current_exe().unwrap())
            .args([self.test, "--exact"])
            .env(PLACE, place)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// In the other process: the store that it has. What is pinned needs no key.
fn of_the_other() -> Option<(StoreBuilder, String)> {
    let place = env::var_os(PLACE)?.into_string().unwrap();
    let (dir, mirror) = place.split_once(' ').unwrap();
    let store = Store::builder(&Catalogue::builtin())
        .cache_dir(format!("{dir}/cache"))
        .apt_dir(format!("{dir}/apt"))
        .mirror(mirror);
    Some((store, fs::read_to_string(format!("{dir}/pins")).unwrap()))
}

fn setting() -> (TestArchive, String) {
    let (archive, pins) = pinned(bookworm(QEMU));
    fs::write(archive.path("pins"), &pins).unwrap();
    (archive, pins)
}

#[test]
fn a_run_that_is_killed_leaves_a_tool_whole_or_absent() {
    if let Some((store, pins)) = of_the_other() {
        tool(store, &pins, OWN_QEMU, &Silent).unwrap();
        return;
    }
    let (archive, pins) = setting();
    let other = Other {
        test: "a_run_that_is_killed_leaves_a_tool_whole_or_absent",
        archive: &archive,
    };
    let store = || archive.mirrored().tool_pins(&pins).build().unwrap();
    let begun = Instant::now();
    assert!(other.start().wait().unwrap().success());
    let whole = begun.elapsed();
    let (mut killed, mut absent) = (0, 0);
    for moment in 0..10 {
        fs::remove_dir_all(archive.path("cache")).unwrap();
        let mut run = other.start();
        let share = (f64::from(moment) + rand::thread_rng().gen_range(0.0..1.0)) / 10.0;
        thread::sleep(whole.mul_f64(share));
        killed += i32::from(run.try_wait().unwrap().is_none());
        run.kill().unwrap();
        run.wait().unwrap();
        let there = archive.path("cache/tools").exists() && !store().cached().is_empty();
        absent += i32::from(!there);
        for checked in store().verify() {
            assert_eq!(checked.problem, None, "killed after {share} of {whole:?}");
        }
        // Whatever it left, the next one has it.
        let qemu = tool(archive.mirrored(), &pins, OWN_QEMU, &Silent).unwrap();
        assert_eq!(qemu.version, QEMU);
        assert_eq!(store().verify()[0].problem, None);
    }
    assert!(killed > 0 && absent > 0, "{killed} killed, {absent} absent");
}

#[test]
fn of_several_processes_one_downloads() {
    if let Some((store, pins)) = of_the_other() {
        tool(store, &pins, OWN_QEMU, &Silent).unwrap();
        return;
    }
    let (archive, _) = setting();
    let other = Other {
        test: "of_several_processes_one_downloads",
        archive: &archive,
    };
    let before = archive.server.requests().len();
    let runs: Vec<Child> = (0..3).map(|_| other.start()).collect();
    for mut run in runs {
        let begun = Instant::now();
        while run.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it hangs");
            thread::sleep(Duration::from_millis(20));
        }
        assert!(run.wait().unwrap().success());
    }
    let mut asked = archive.server.requests().split_off(before);
    asked.sort();
    let debs = asked.iter().filter(|path| path.ends_with(".deb")).count();
    assert_eq!(debs, 5, "{asked:?}");
}
