//! `privacy`.
