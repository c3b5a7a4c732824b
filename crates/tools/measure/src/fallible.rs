//! How this tool says that something failed.

use std::error::Error;

/// A result whose error is a Portuguese sentence for the reader.
pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;
