//! What is wrong with a label, told so that somebody can act on it.

use std::fmt;

use serde::Serialize;

/// One finding about a label. A label with problems is shown, never printed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Id of the template's element, or a word for the part (`page`, `file`) if there is none.
    pub element: String,
    /// What is wrong, with the value at fault.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

impl Problem {
    /// A problem of `element`.
    pub fn new(
        element: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            element: element.into(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.element, self.message, self.remedy)
    }
}
