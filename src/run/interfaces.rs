//! `rtmpscope interfaces`: what can be captured from.

use std::io;
use std::io::Write as _;

use rtmpscope::base::text::printable;
use rtmpscope::capture::live;

use crate::run::Exit;
use crate::run::complain;
use crate::run::exit_of;
use crate::run::output_exit;

pub(super) fn interfaces() -> Exit {
    let devices = match live::devices() {
        Ok(devices) => devices,
        Err(error) => {
            complain(&error);
            return exit_of(error.class());
        }
    };
    let mut out = io::stdout().lock();
    for device in devices {
        let addresses: Vec<String> = device
            .addresses
            .iter()
            .map(|address| address.ip.to_string())
            .collect();
        let description = device
            .description
            .map_or_else(String::new, |text| format!("  {}", printable(&text)));
        let line = format!(
            "{:<16} {:<5} {}{description}\n",
            printable(&device.name),
            if device.up { "up" } else { "down" },
            addresses.join(" ")
        );
        if let Err(error) = out.write_all(line.as_bytes()) {
            return output_exit(&error);
        }
    }
    Exit::Done
}
