//! Nonsense by the thousand: the macros never panic, and what they write is
//! Rust or says what is wrong.
