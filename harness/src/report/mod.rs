//! Reports: for people, and in formats of others.

mod basis;
mod bisection;
mod details;
mod explain;
mod github;
mod github_matrix;
mod history;
mod ktap;
mod page;
mod program;
mod ranges;
mod stock;
mod table;
mod terminal;
mod under_way;
mod usual;
mod words;

pub use basis::basis;
pub use bisection::bisection;
pub use details::details;
pub use explain::{explain, explain_kernel};
pub use github::{Github, complaint, fenced, for_people};
pub use github_matrix::{TooManyJobs, github_matrix};
pub use history::history;
pub use ktap::Ktap;
pub use page::{page, write_page};
pub(crate) use program::ending;
pub use program::{ExitCodes, closing_line, failure, interrupted, say_of_run};
pub use stock::{checked, removed, stock};
pub use table::{in_colour, table};
pub use terminal::Terminal;
pub use words::{say, words};
