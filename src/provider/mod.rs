//! `provider`.
