//! Among tasks: the others are woken by the end of the one that runs the body, whatever
//! becomes of it, and nobody waits for ever.

use std::time::Duration;

mod abandoned;
mod circles;
mod failures;
mod instead;
mod invalidation;
mod kinds;
mod once;
mod wakers;

/// Longer than a task waits for a leader that nobody polls.
const LONG: Duration = Duration::from_secs(5);
