//! Why no source had what was asked for.

use crate::error::ObtainError;
use crate::progress::Progress;

/// Why a kernel was not had, each reason once.
#[derive(Default)]
pub(crate) struct Reasons {
    unavailable: Vec<String>,
    /// What was not what it should be, and what the others said is less than that.
    pub(crate) refused: Option<ObtainError>,
}

impl Reasons {
    pub(crate) fn add(&mut self, reason: String) {
        if !self.unavailable.contains(&reason) {
            self.unavailable.push(reason);
        }
    }

    /// Takes note of what one source had that is not what it should be: the next one
    /// may serve. An error of another kind is given back.
    pub(crate) fn refuse(
        &mut self,
        error: ObtainError,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        match error {
            ObtainError::Verification { .. } => {
                progress.note(&error.to_string());
                self.refused.get_or_insert(error);
                Ok(())
            }
            ObtainError::Unavailable { why } => {
                self.add(why);
                Ok(())
            }
            other => Err(other),
        }
    }

    /// The error where no source had it.
    pub(crate) fn error(self) -> ObtainError {
        let why = self.unavailable.join("; ");
        self.refused
            .unwrap_or_else(|| ObtainError::unavailable(why))
    }
}
