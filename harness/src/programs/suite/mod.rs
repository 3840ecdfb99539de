//! A suite of somebody's own: the tests of a `strata.toml`, run on kernels, and held
//! against what was recorded. May use: `programs`' other parts and the rooms below.

mod cargo_package;
mod expected;
mod judge_case;
mod mistake;
mod record;
mod run_suite;
mod shows;
mod suite_file;
mod unit_test;

pub use record::{RecordedChange, record};
pub use run_suite::{ProgramSuite, TestOrder};
pub use suite_file::SuiteFile;
#[cfg(feature = "schema")]
pub use suite_file::suite_schema;
