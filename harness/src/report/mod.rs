//! Reports for people, and in the formats of other tools. May use: all rooms.

mod basis;
mod bisection;
mod claim_ranges;
mod details;
mod difference;
mod explain;
mod github;
mod github_matrix;
mod history;
mod junit;
mod ktap;
mod page;
mod policy;
mod said_reasons;
mod shown;
mod stock;
mod table;
mod terminal;
mod under_way;
mod usual;
mod values;

pub use basis::basis;
pub use bisection::bisection;
pub use details::details;
pub use explain::{Between, explain, explain_json, explain_kernel, explain_vendors};
pub use github::{Github, complaint, fenced, for_people};
pub use github_matrix::{TooManyJobs, github_matrix};
pub use history::{History, history, write_site};
pub use junit::Junit;
pub use ktap::Ktap;
pub use page::{page, write_page};
pub use shown::{compared, shown};
pub use stock::{checked, removed, stock};
pub use table::{in_colour, table};
pub use terminal::Terminal;
pub use values::values;
