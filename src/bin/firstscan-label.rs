//! The label engine as a program of its own: `firstscan label` for programs that start it for every
//! label, quicker and in less memory because nothing else is in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstscan::cli::label::main()
}
