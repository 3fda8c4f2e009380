//! `cli`: one file a command; the checked configuration.
pub mod config;
