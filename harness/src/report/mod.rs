//! Reports for people.

mod details;
mod table;
mod terminal;

pub use details::details;
pub use table::table;
pub use terminal::Terminal;
