//! The interfaces there are, as libpcap lists them.

use std::net::IpAddr;

use pcap::ConnectionStatus;

use super::Device;
use super::DeviceAddress;
use super::tap::message;
use crate::capture::error::CaptureError;
use crate::capture::info::InputName;

/// The interfaces that can be captured on, the most useful first.
///
/// # Errors
/// When the system does not tell.
pub fn devices() -> Result<Vec<Device>, CaptureError> {
    let devices = pcap::Device::list().map_err(|error| CaptureError::Device {
        device: InputName::new("the list of interfaces"),
        reason: message(&error),
    })?;
    Ok(devices.into_iter().map(device).collect())
}

fn device(device: pcap::Device) -> Device {
    let flags = &device.flags;
    Device {
        up: flags.is_up(),
        running: flags.is_running(),
        loopback: flags.is_loopback(),
        wireless: flags.is_wireless(),
        connected: match flags.connection_status {
            ConnectionStatus::Connected => Some(true),
            ConnectionStatus::Disconnected => Some(false),
            ConnectionStatus::Unknown | ConnectionStatus::NotApplicable => None,
        },
        addresses: device
            .addresses
            .iter()
            .map(|address| DeviceAddress {
                ip: address.addr,
                prefix_len: address.netmask.map(prefix_len),
            })
            .collect(),
        name: device.name,
        description: device.desc,
    }
}

fn prefix_len(netmask: IpAddr) -> u32 {
    match netmask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_lengths_of_netmasks() {
        assert_eq!(prefix_len("255.255.255.0".parse().unwrap()), 24);
        assert_eq!(prefix_len("ffff:ffff:ffff:ffff::".parse().unwrap()), 64);
    }
}
