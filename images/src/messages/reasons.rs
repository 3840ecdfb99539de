//! Why no source had what was asked for.

use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;

/// The reasons of all sources, each once.
#[derive(Default)]
pub(crate) struct Reasons {
    unavailable: Vec<String>,
    /// An error that outweighs the other reasons: the first file that failed
    /// verification.
    pub(crate) refused: Option<ObtainError>,
}

impl Reasons {
    pub(crate) fn add(&mut self, reason: String) {
        if !self.unavailable.contains(&reason) {
            self.unavailable.push(reason);
        }
    }

    /// Takes note of why one source is of no use: the next one may serve. An error
    /// that concerns this machine is given back.
    pub(crate) fn note(
        &mut self,
        error: ObtainError,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        match error {
            ObtainError::Verification { .. } => {
                progress.note(&error.to_string());
                self.refused.get_or_insert(error);
            }
            ObtainError::Unavailable { why } => self.add(why),
            other => return Err(other),
        }
        Ok(())
    }

    /// Adds those of something else that was asked for.
    pub(crate) fn extend(&mut self, other: Self) {
        other.unavailable.into_iter().for_each(|why| self.add(why));
        self.refused = self.refused.take().or(other.refused);
    }

    /// The error where no source had it.
    pub(crate) fn error(self) -> ObtainError {
        let why = self.unavailable.join("; ");
        self.refused
            .unwrap_or_else(|| ObtainError::unavailable(why))
    }
}
