//! Among threads.
//!
//! Whether a thread waits already can't be seen from outside. So callers say that
//! they are about to call, the body goes on when all have, and what is asserted
//! holds for those who come late as well.

mod circles;
mod failures;
mod invalidation;
mod once;
