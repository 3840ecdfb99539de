//! Reports for people.

mod details;
mod program;
mod table;
mod terminal;

pub use details::details;
pub use program::{closing_line, exit_code, failure};
pub use table::table;
pub use terminal::Terminal;
