//! The program: reads its arguments and hands over to `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hulplijn::cli::main()
}
