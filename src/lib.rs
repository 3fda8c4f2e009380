//! Hulplijn: a hotline engine that people with the most basic phone can reach.
//!
//! ```text
//! menu files -> a hotline that cannot be wrong -> a pure step -> a list of outputs -> one place that acts
//! ```
//!
//! Deciding and doing live apart. Deciders are plain functions: state, input and the present moment go in; new state
//! and outputs come out; no clock, chance, disk, network, log or `async` inside.
//!
//! ```text
//! doors       cli        server        console       clocks, sockets, arguments
//!                \          |            /
//! shell          `----- switchboard ----'            load, decide, save, answer: in this order
//!                      /    |     \
//! edges        provider   store                      wire forms, SQL
//!                  |         |
//! deciders       flow      desk      phone      sms       pure steps
//!                  |         |         |         |
//! documents      menu     privacy    twiml   audio
//!                  \_________|_________|______/
//! words                    base                      numbers, digits, languages, ids, moments, findings
//! ```
//!
//! Arrows point down only; `tests/layers.rs` reads every `crate::` path against its table.
//!
//! A call: POST form --`provider`--> event --`switchboard`--> unseal session --`flow::step`--> outputs and session
//! <--`provider` (TwiML)-- seal session into the action address <-- tally. Nothing of a call is kept here: the session
//! travels with the call, sealed.

#![forbid(unsafe_code)]

pub mod audio;
pub mod base;
pub mod cli;
pub mod console;
pub mod desk;
pub mod flow;
pub mod menu;
pub mod phone;
pub mod privacy;
pub mod provider;
pub mod server;
pub mod sms;
pub mod store;
pub mod switchboard;
pub mod twiml;
