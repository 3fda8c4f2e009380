//! Hulplijn: a hotline engine that people with the most basic phone can reach.

#![forbid(unsafe_code)]

pub mod base;
pub mod cli;
pub mod flow;
pub mod menu;
pub mod phone;
pub mod privacy;
pub mod provider;
pub mod sms;
pub mod store;
pub mod switchboard;
pub mod twiml;
