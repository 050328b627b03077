//! What a file is that is no capture: a guess from its first bytes, to say something useful.

/// Says what the first bytes of a file look like, and what to do about it.
pub(super) fn describe(bytes: &[u8]) -> String {
    /// How files of other kinds begin.
    const KINDS: &[(&[u8], &str)] = &[
        (
            b"\xFD7zXZ\0",
            "it is compressed with xz: run `xz -dc FILE | rtmpscope -`",
        ),
        (
            b"BZh",
            "it is compressed with bzip2: run `bzip2 -dc FILE | rtmpscope -`",
        ),
        (b"PK\x03\x04", "it is a zip archive: unpack it first"),
        (b"7z\xBC\xAF\x27\x1C", "it is a 7z archive: unpack it first"),
        (
            b"snoop\0\0\0",
            "it is a snoop capture: convert it with `editcap -F pcapng FILE OUT`",
        ),
        (
            b"GMBU",
            "it is a Network Monitor capture: convert it with `editcap -F pcapng FILE OUT`",
        ),
        (
            b"XCP\0",
            "it is a NetXRay capture: convert it with `editcap -F pcapng FILE OUT`",
        ),
        (
            b"TRSNIFF data    \x1A",
            "it is a Sniffer capture: convert it with `editcap -F pcapng FILE OUT`",
        ),
        (
            b"FLV\x01",
            "it is an FLV media file, not the network traffic that carried it",
        ),
        (b"\x7FELF", "it is a program"),
    ];

    if bytes.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some((_, kind)) = KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*kind).to_owned();
    }
    let readable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~') || *byte >= 0x80;
    if bytes.iter().all(readable)
        && str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true)
    {
        // What it says is not shown: it may be anything, keys too.
        return "it is text; pcap and pcapng are binary formats, as `tcpdump -w FILE` writes them"
            .to_owned();
    }
    let start: Vec<String> = bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "it begins with {}, which is neither pcap nor pcapng, nor gzip, zstd or lz4 of these",
        start.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn text_is_named_and_not_shown() {
        let said = describe(b"rtmp://host/app/secret\n");
        assert!(said.starts_with("it is text; ") && !said.contains("secret"));
    }

    #[test]
    fn other_formats_come_with_a_command() {
        assert!(describe(b"snoop\0\0\0\0\0\0\x02").contains("editcap"));
        assert!(describe(b"\xFD7zXZ\0\0\0").contains("xz -dc"));
    }

    #[test]
    fn bytes_that_say_nothing_are_shown() {
        assert!(describe(&[0, 1, 2, 0xFF]).contains("00 01 02 ff"));
        assert_eq!(describe(&[]), "it is empty");
    }
}
