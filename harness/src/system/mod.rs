//! This host: its processes, files, terminal and shell. May use: `guest`,
//! `images::files`, `images::side_by_side`.

pub(crate) mod anonymous;
mod grouped;
mod interrupt;
mod lock;
mod memo;
mod nearest;
mod old_runs;
mod outlet;
pub(crate) mod paths;
mod poll;
mod printable;
mod process;
mod process_group;
mod program_name;
pub mod project;
mod run_dir;
mod shell_word;
pub mod stdio;
mod terminal;
mod words;
mod write_out;

pub(crate) use grouped::grouped;
pub use images::side_by_side;
pub use interrupt::Interrupt;
pub(crate) use lock::lock;
pub(crate) use memo::{recall, remember};
pub(crate) use nearest::nearest;
pub use outlet::{Drained, Outlet};
pub use paths::{RUNS, is_in_workspace, root, runs, target};
pub(crate) use poll::{first_ready, patience};
pub(crate) use printable::{printable, printable_data, printable_json};
pub use process::dies_with_this;
pub(crate) use process::{ChildProcess, die_with};
pub(crate) use process_group::ProcessGroup;
pub use program_name::{program_name, set_program_name};
pub use run_dir::RunDir;
pub(crate) use run_dir::{CONSOLE, EVENTS, QEMU_LOG};
pub(crate) use shell_word::{only_words, quoted};
pub use terminal::{RawTerminal, Window};
pub use words::{advised, say, words};
pub(crate) use write_out::write_out;
