//! The station's binary: parses arguments and hands over to the commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    firstscan::cli::main()
}
