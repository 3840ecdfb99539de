//! Reports for people.

mod basis;
mod bisection;
mod details;
mod explain;
mod github_matrix;
mod history;
mod page;
mod program;
mod ranges;
mod stock;
mod stress;
mod table;
mod terminal;

pub use basis::basis;
pub use bisection::bisection;
pub use details::details;
pub use explain::{explain, explain_kernel};
pub use github_matrix::{TooManyJobs, github_matrix};
pub use history::history;
pub use page::{page, write_page};
pub(crate) use program::ending;
pub use program::{closing_line, exit_code, failure};
pub use stock::{checked, removed, stock};
pub use stress::stress;
pub use table::table;
pub use terminal::Terminal;
