//! `console`: the operators' pages. The first is a telephone in the browser, on the keeper's listener.
//!
//! A web call drives the `phone` room against a line of its own ([`Line`]): the real router over a switchboard without
//! a database and with a pretend counsellor. It never meets the real desk, its counts or its limits, and nothing is
//! dialled.
//!
//! Time: a call's time is the server's, the milliseconds since the call began; a page plays what it is told. A sentence
//! that the browser's own voice speaks lasts as long as that voice needs (within bounds), and the operator's skipping
//! moves the clock ahead.
//!
//! Contract: nobody without the address that `serve` prints gets in; every call, message, count and wait is bounded
//! ([`Bounds`]); a call whose page is gone is hung up.
//! Must never contain: SQL, provider forms, rules of the hotline.

mod call;
mod clock;
mod counsellor;
mod lines;
mod login;
mod message;
mod open;
mod page;
mod shown;
mod socket;

pub use lines::{KnownSound, Line, Lines, Offer, Pending, Which, Wish};
pub use login::Login;
pub use open::{Bounds, Console};
pub use page::router;
