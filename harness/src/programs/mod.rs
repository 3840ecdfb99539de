//! Programs of this host, run in kernels. May use: `scenarios` and below.

mod boot_watch;
mod busybox;
mod devices;
mod disks;
mod files_back;
mod input_frames;
mod lane_keeper;
mod outcome;
mod output;
mod program_input;
mod request;
mod runner;
mod session;
mod several;
mod shell;
mod spool;
mod standing;
mod suite;

pub use busybox::busybox;
pub use devices::DeviceWords;
pub use disks::{Disks, WantedDisk, disk_names};
pub use files_back::{WantedFile, check_wanted, unpack_files};
pub use input_frames::Coming;
pub(crate) use outcome::ending;
pub use outcome::{ExitCodes, closing_line, failure, interrupted, say_of_left_out, say_of_run};
pub use output::{Captured, Collected, Output, OutputStreams};
pub use program_input::{Input, SharedInput};
pub use request::{check_published, words_of_run};
pub use runner::{Finished, Runner, TIMEOUT};
pub use session::{Ending, Limits, Ran, Session};
pub use several::Several;
pub use shell::Screen;
pub use standing::{StandingMachines, StandingPlace, StandingRun, end, run_in, serve};
#[cfg(feature = "schema")]
pub use suite::suite_schema;
pub use suite::{ProgramSuite, RecordedChange, SuiteFile, TestOrder, record};
