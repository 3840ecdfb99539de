//! Machines that stay: a process of this user keeps them, and runs programs that other
//! processes send it.

mod client;
mod message;
mod place;
mod server;

pub use client::{StandingRun, end, run_in};
pub use place::{StandingMachines, StandingPlace};
pub use server::serve;
