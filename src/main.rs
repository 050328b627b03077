//! The `rtmpscope` command.

fn main() {}
