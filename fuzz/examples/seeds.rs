//! Writes the inputs that fuzzing starts from, `corpus/<target>/`, with what the
//! tests build their archives, packages and consoles with.

use std::fs;
use std::path::Path;
use std::time::Duration;

use guest::wire::{Stream, encode, encode_bytes};
use guest::{
    Carried, CgroupMode, Delivery, Job, NativeJob, Observation, Order, Outcome, ProgramJob, Record,
    Status, Stdin,
};
use test_archive::{
    Compression, Files, SigningKey, TestPackage, TestRepository, TestRpm, TestSuite, kernel_module,
    publish_checksums,
};

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let dir = corpus.join(target);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(name), bytes).unwrap();
    };
    console(&seed);
    records(&seed);
    rings(&seed);
    names(&seed);
    archives(&seed);
    packages(&seed);
    programs(&seed);
}

type Seed<'a> = &'a dyn Fn(&str, &str, &[u8]);

fn all_records() -> Vec<Record> {
    let scenario = || "unshare_newpid".to_owned();
    vec![
        Record::Started {
            scenario: scenario(),
        },
        Record::Ended {
            scenario: scenario(),
            outcome: Outcome::Completed,
            observation: Observation::written("unshare=ok child=1"),
        },
        Record::Ended {
            scenario: scenario(),
            outcome: Outcome::Died("signal 11".to_owned()),
            observation: Observation::default(),
        },
        Record::Hello,
        Record::Waiting { shared: true },
        Record::Late {
            scenario: scenario(),
        },
        Record::ProgramStarted {
            terminal: true,
            shared: true,
        },
        Record::ProgramRefused {
            why: "/bin/sh: Exec format error".to_owned(),
            missing: false,
        },
        Record::Taken { sequence: 7 },
        Record::StdinClosed,
        Record::Alive,
        Record::ProgramEnded {
            status: Status::Killed(9),
            whole: true,
            carried: Some(
                [Carried {
                    bytes: 9,
                    tag: u64::MAX,
                }; 3],
            ),
        },
        Record::ModulesWanted,
        Record::FilesFollow,
        Record::FilesEnd { carried: None },
        Record::Changed {
            what: "a sysctl".to_owned(),
        },
        Record::Garbled {
            what: "stdin".to_owned(),
        },
        Record::Broken {
            why: "no memory".to_owned(),
        },
        Record::Finished { scenarios: 1 },
    ]
}

fn console(seed: Seed) {
    let kernel = "[    1.234567] caf\u{e9} \u{1f427}: irq 9\r\n\x1b[0m".as_bytes();
    let panic = b"[    2.0] Kernel panic - not syncing: VFS\r\n";
    let mut whole = vec![3];
    let mut parts = vec![5];
    for (sequence, record) in (0..).zip(all_records()) {
        let frame = encode(guest::Key::NONE, sequence, &record);
        let (first, second) = frame.split_at(frame.len() / 2);
        whole.extend([first, kernel, second].concat());
        parts.extend(kernel);
        parts.push(0xFF);
        parts.extend(serde_json::to_vec(&record).unwrap());
        parts.push(0xFF);
    }
    seed("console", "records", &whole);
    seed("console", "parts", &parts);
    let output = encode_bytes(guest::Key::NONE, 0, Stream::Stdout, b"output\0\xff");
    seed("console", "panic", &[b"\x01", &output[..], panic].concat());
    let lost = encode(guest::Key::NONE, 2, &Record::Alive);
    seed("console", "lost", &[b"\x07", &output[..], &lost].concat());
    seed("console", "half", &[b"\x40", &output[..9], panic].concat());
}

/// Steps on a ring of 512 bytes, whose counters are the words 40 and 48.
fn rings(seed: Seed) {
    let step = |side: u8, length: u8, written: Option<(u8, u64)>| {
        let (place, value) = written.unwrap_or_default();
        let head = [side, length, place, u8::from(written.is_some())];
        [&head[..], &value.to_le_bytes()].concat()
    };
    let [put, take] = [0, 1].map(|side| step(side, 100, None));
    seed(
        "ring",
        "around",
        &[put.clone(), take.clone()].concat().repeat(3),
    );
    seed("ring", "full", &put.repeat(3));
    let hostile = [(40, u64::MAX), (48, u64::MAX), (40, 513), (48, 7)];
    let hostile = hostile.map(|written| [step(0, 9, Some(written)), step(1, 200, Some(written))]);
    seed("ring", "hostile", &hostile.concat().concat());
}

fn records(seed: Seed) {
    for (number, record) in all_records().iter().enumerate() {
        seed("record", &format!("record-{number}"), &json(record));
    }
    seed("record", "order", &json(&Order::EndOfStdin));
    let key = guest::Key::new([7; 16]);
    seed("record", "key", &json(&Order::Key(key)));
    let delivery = Delivery {
        known: false,
        bytes: 1 << 20,
        from: 7,
        now: Duration::from_secs(1_700_000_000),
        entropy: [9; 32],
    };
    let begin = Order::Begin {
        lane: 7,
        key,
        delivery: delivery.clone(),
    };
    seed("record", "begin", &json(&begin));
    seed("record", "end", &json(&Order::End { lane: 7 }));
    seed("record", "lanes", &json(&Job::Lanes { number: 8 }));
    let lane_ended = Record::LaneEnded {
        lane: 7,
        changed: Some("a sysctl".to_owned()),
    };
    seed("record", "lane-ended", &json(&lane_ended));
    seed("record", "deliver", &json(&Order::Deliver(key, delivery)));
    seed("record", "go-on", &json(&Order::GoOn));
    seed("record", "rescan", &json(&Order::Rescan));
    let names = vec!["unshare_newpid".to_owned()];
    let scenarios = Job::Scenarios {
        names: names.clone(),
        deadline_ms: 10_000,
    };
    seed("record", "scenarios", &json(&scenarios));
    let program = Job::Program(ProgramJob {
        volume: false,
        modules: vec!["loop max_loop=3".to_owned()],
        network: true,
        disks: vec!["data".to_owned()],
        cgroup: Some(CgroupMode::Hybrid),
        ulimits: vec!["core=0:unlimited".parse().unwrap()],
        needs: vec!["config=CONFIG_OVERLAY_FS".parse().unwrap()],
        wanted: vec!["/out".to_owned()],
        directory: "/".to_owned(),
        path: "/bin/sh".to_owned(),
        arguments: vec!["sh".into(), "-c".into(), "true".into()],
        environment: vec![("PATH".into(), "/bin".into())],
        user: None,
        stdin: Stdin::Console,
        terminal: None,
    });
    seed("record", "program", &json(&program));
    let native = NativeJob {
        scenarios: names,
        deadline_ms: 1,
    };
    seed("record", "native", &json(&native));
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn names(seed: Seed) {
    for (name, text) in [
        ("series", "3.10"),
        ("point", "6.1.176"),
        ("release", "6.1.0-50-cloud-amd64"),
        ("candidate", "7.3-rc4"),
    ] {
        seed("version", name, text.as_bytes());
    }
    for (name, text) in [
        ("series", "3.10"),
        ("major", "5"),
        ("from", ">=5.10"),
        ("below", "<4.0"),
        ("range", "3.8..3.13"),
        ("debian", "6.1.176-1"),
        ("backport", "7.3.4-1~bpo13+1"),
        ("file", "./bzImage"),
        ("all", "all"),
    ] {
        seed("spec", name, text.as_bytes());
    }
    let catalogue = "snapshot = 'http://archive.example.org'\nsubstitutes = ['sid']\n\
        default = ['3.10']\n[[kernel]]\nname = '3.10'\ndebian = '3.10.11-1'\n\
        suite = 'unstable'\nuploaded = '2013-09-10T13:13:16Z'\n";
    seed("catalogue", "kernels", catalogue.as_bytes());
    let uploads = "# version, suite, time\n3.2~rc4-1~experimental.1\texperimental\t\
        2011-12-03T23:07:41Z\n3.2.1-1\tunstable\t2012-01-18T16:14:12Z\n";
    seed("catalogue", "uploads", uploads.as_bytes());
    let lock = format!(
        "[\"3.10\"]\ndebian = \"3.10.11-1\"\npackage = \"linux-image-3.10-2-amd64\"\n\
         archive = \"debian\"\npath = \"pool/x.deb\"\nsize = 1\nsha256 = \"{0}\"\n\
         image_size = 2\nimage_sha256 = \"{0}\"\nsigner = \"F\"\n\
         signed = \"2013-09-11T00:20:00Z\"\n",
        "0".repeat(64)
    );
    seed("catalogue", "lock", lock.as_bytes());
    let list = "# comment\ndeb http://a.example.org/debian/ bookworm main # comment\n\
        deb [arch=amd64] https://b.example.org/debian trixie main\n\
        deb-src http://src.example.org/debian bookworm main\ndeb cdrom:[Debian]/ sid main\n";
    seed("apt", "list", list.as_bytes());
    let sources = "Types: deb deb-src\nURIs: http://a.example.org/debian file:/srv/debian\n\
        Suites: bookworm\n  sid\nComponents: main\n\nTypes: deb\nEnabled: no\n\
        URIs: http://off.example.org\nSuites: sid\n";
    seed("apt", "sources", sources.as_bytes());
}

fn archives(seed: Seed) {
    let now = "2026-11-23T00:00:00Z".parse().unwrap();
    let suite = TestSuite::new("oldstable", "bookworm")
        .date(now)
        .valid_for(Duration::from_secs(3600).try_into().unwrap())
        .package(TestPackage::new("linux-image-6.1-cloud-amd64", "6.1.176-1"))
        .package(TestPackage::new(
            "linux-binary-7.3-amd64",
            "7.3.4-1~bpo13+1+b1",
        ));
    let mut files = Files::new();
    let key = SigningKey::generate();
    suite.clone().publish(&key, "one", &mut files);
    suite.detached().publish(&key, "two", &mut files);
    TestSuite::new("unstable", "sid").publish(&SigningKey::of_2013(), "three", &mut files);
    for (name, path) in [
        ("inrelease", "one/dists/oldstable/InRelease"),
        ("inrelease-2013", "three/dists/unstable/InRelease"),
        ("release", "two/dists/oldstable/Release"),
        ("signature", "two/dists/oldstable/Release.gpg"),
    ] {
        seed("release", name, &files[path]);
    }
    let list = "mainline/v6.12.1/amd64";
    let package = TestPackage::new("linux-modules-6.12.1-061201-generic", "6.12.1-061201.2024");
    publish_checksums(&key, now, list, &[package], &mut files);
    seed("release", "checksums", &files[&format!("{list}/CHECKSUMS")]);
    let files_of = TestPackage::new("kernel-core", "5.14.0-427.el9");
    let repository = TestRepository::new().compression(Compression::None);
    let repository = repository.package(TestRpm::new(files_of));
    repository.publish("repository", &mut files);
    for (path, bytes) in &files {
        if let Some(name) = path.strip_prefix("repository/repodata/") {
            let name = name.rsplit('-').next().unwrap_or(name);
            seed("repomd", name.trim_end_matches(".xml"), bytes);
        }
    }
    let stanza = |name: &str, version: &str| {
        format!(
            "Package: {name}\nVersion: {version}\nDepends: kmod,\n linux-base\n\
             Filename: pool/main/l/linux/{name}.deb\nSize: 9\nSHA256: {}\n\n",
            "0".repeat(64)
        )
    };
    let index = ["6.1-cloud-amd64", "6.1-amd64", "6.1-rt-amd64"]
        .map(|release| stanza(&format!("linux-image-{release}"), "6.1.176-1"))
        .concat();
    seed("index", "image", index.as_bytes());
    let binary = stanza("linux-binary-7.3-amd64", "7.3.4-1~bpo13+1+b1");
    seed("index", "binary", binary.as_bytes());
}

/// The smallest thing that passes for a kernel, with a word about itself.
fn kernel() -> Vec<u8> {
    let mut image = vec![0; 0x230];
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x20e] = 0x10;
    image[0x210..0x21a].copy_from_slice(b"6.1.0 #1\0\0");
    image
}

fn packages(seed: Seed) {
    let package = || TestPackage::new("linux-image-6.1-amd64", "6.1.176-1");
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        let deb = package()
            .file("./boot/System.map", b"0 D map")
            .file("./boot/vmlinuz-6.1-amd64", &kernel())
            .compression(compression)
            .build();
        let name = format!("{compression:?}").to_lowercase();
        seed("package", &name, &deb);
        let files = TestPackage::new("kernel-core", "6.1-1.el9")
            .file("./lib/modules/6.1/x.ko", &kernel_module("depends=\0"))
            .file("./lib/modules/6.1/vmlinuz", &kernel())
            .compression(compression);
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let rpm = TestRpm::new(files);
        let modern = rpm.clone().signed(&SigningKey::generate(), now);
        seed("rpm", &name, &modern.build());
        if compression == Compression::None {
            let key = SigningKey::of_2013();
            seed("rpm", "legacy", &rpm.of_2011().signed(&key, now).build());
        }
        if compression == Compression::None {
            let tar = deb.windows(5).position(|part| part == b"./boo").unwrap();
            seed("package", "tar", &deb[tar..]);
        }
    }
    let link = package()
        .symlink("./boot/vmlinuz-6.1", "/etc/passwd")
        .compression(Compression::None);
    seed("package", "link", &link.build());
    seed("bzimage", "image", &kernel());
}

fn programs(seed: Seed) {
    for (name, line) in [
        ("shell", "#! /bin/sh -e\n"),
        ("env", "#!/usr/bin/env -S sh -e\n"),
        ("assign", "#!/usr/bin/env A=b sh\n"),
        ("nothing", "#!\n"),
    ] {
        seed("script", name, line.as_bytes());
    }
    seed("ld_cache", "one", &ld_cache());
    seed("elf", "dynamic", &elf());
    let info = "alias=fs-overlay\0depends=exportfs\0softdep=pre: sha256\0";
    seed("modules", "module", &kernel_module(info));
    seed(
        "modules",
        "builtin",
        b"kernel/fs/ext4/ext4.ko\next4.alias=fs-ext4\0",
    );
}

/// A cache with one library, after an older format.
fn ld_cache() -> Vec<u8> {
    let mut bytes = b"older".to_vec();
    bytes.extend(b"glibc-ld.so.cache1.1");
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0; 24]);
    for number in [0x303u32, 72, 82, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"libx.so.1\0/opt/libx.so.1\0");
    bytes
}

/// A program of 64 bits with an interpreter, a library and a run path.
fn elf() -> Vec<u8> {
    let strings = b"\0libx.so.1\0$ORIGIN/lib\0/lib64/ld.so\0";
    let (headers, entries) = (64 + 3 * 56, 5 * 16);
    let table = (headers + entries) as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    let short = |bytes: &mut Vec<u8>, number: u16| bytes.extend(number.to_le_bytes());
    let word = |bytes: &mut Vec<u8>, number: u32| bytes.extend(number.to_le_bytes());
    let long = |bytes: &mut Vec<u8>, number: u64| bytes.extend(number.to_le_bytes());
    short(&mut bytes, 3); // a shared object
    short(&mut bytes, 62); // x86-64
    word(&mut bytes, 1);
    for number in [0, 64, 0] {
        long(&mut bytes, number);
    }
    word(&mut bytes, 0);
    for number in [64, 56, 3, 64, 0, 0] {
        short(&mut bytes, number);
    }
    let size = table + strings.len() as u64;
    for (kind, start, length) in [
        (1, 0, size),                        // PT_LOAD
        (2, headers as u64, entries as u64), // PT_DYNAMIC
        (3, table + 23, 13),                 // PT_INTERP
    ] {
        word(&mut bytes, kind);
        word(&mut bytes, 5);
        for number in [start, start, start, length, length, 1] {
            long(&mut bytes, number);
        }
    }
    // DT_NEEDED, DT_RUNPATH, DT_STRTAB, DT_STRSZ, DT_NULL
    let length = strings.len() as u64;
    for (tag, value) in [(1, 1), (29, 11), (5, table), (10, length), (0, 0)] {
        long(&mut bytes, tag);
        long(&mut bytes, value);
    }
    bytes.extend(strings);
    bytes
}
