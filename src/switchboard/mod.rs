//! `switchboard`.
