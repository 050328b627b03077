//! What a proxy puts before C0: the PROXY protocol of HAProxy in its two versions
//! (proxy-protocol.txt, sections 2.1 and 2.2), and the form of SRS's edge proxy.

use nom::IResult;
use nom::Parser;
use nom::bytes::streaming::tag;
use nom::bytes::streaming::take;
use nom::bytes::streaming::take_until;
use nom::number::streaming::be_u16;

use crate::carrier::ProxyPrefix;

/// Longest PROXY v1 line with its end, in bytes (section 2.1).
const MAX_V1: usize = 107;

/// Longest address block taken for a PROXY v2 header, in bytes: addresses of any family take up
/// to 216, the rest is room for TLVs.
const MAX_V2_BLOCK: u16 = 2048;

/// Longest block taken for one of SRS: the address and an opaque part, which SRS leaves empty.
const MAX_SRS_BLOCK: u16 = 1024;

/// Longest prefix in bytes.
pub(super) const MAX_PREFIX: usize = 16 + 2048;

/// What the begin of a direction says about a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none.
    No,
    /// There may be one; more bytes will tell.
    Maybe,
    /// There is one of this length in bytes.
    Prefix(ProxyPrefix, usize),
}

/// Looks for a prefix at the begin of a direction.
pub(super) fn find(bytes: &[u8]) -> Found {
    let mut maybe = false;
    for (kind, parse) in [
        (ProxyPrefix::ProxyV1, v1 as fn(&[u8]) -> IResult<&[u8], ()>),
        (ProxyPrefix::ProxyV2, v2),
        (ProxyPrefix::Srs, srs),
    ] {
        match parse(bytes) {
            Ok((rest, ())) => {
                return Found::Prefix(kind, bytes.len().saturating_sub(rest.len()));
            }
            Err(nom::Err::Incomplete(_)) => maybe = true,
            Err(_) => {}
        }
    }
    if maybe { Found::Maybe } else { Found::No }
}

fn v1(input: &[u8]) -> IResult<&[u8], ()> {
    let (rest, _) = tag(&b"PROXY "[..])(input)?;
    let line = rest.get(..MAX_V1).unwrap_or(rest);
    let (_, text) = match take_until(&b"\r\n"[..])(line) {
        Err(nom::Err::Incomplete(_)) if rest.len() >= MAX_V1 => return Err(no(input)),
        found => found?,
    };
    let (rest, _) = (take(text.len()), tag(&b"\r\n"[..])).parse(rest)?;
    Ok((rest, ()))
}

fn v2(input: &[u8]) -> IResult<&[u8], ()> {
    let (rest, _) = tag(&b"\r\n\r\n\0\r\nQUIT\n"[..])(input)?;
    let (rest, (_version_and_family, length)) = (take(2_usize), be_u16).parse(rest)?;
    block(input, rest, length, MAX_V2_BLOCK)
}

fn srs(input: &[u8]) -> IResult<&[u8], ()> {
    let (rest, (_, length)) = (tag(&b"\xF3"[..]), be_u16).parse(input)?;
    block(input, rest, length, MAX_SRS_BLOCK)
}

fn block<'i>(input: &'i [u8], rest: &'i [u8], length: u16, most: u16) -> IResult<&'i [u8], ()> {
    if length > most {
        return Err(no(input));
    }
    let (rest, _) = take(length).parse(rest)?;
    Ok((rest, ()))
}

fn no(input: &[u8]) -> nom::Err<nom::error::Error<&[u8]>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_ends_with_its_line() {
        // proxy-protocol.txt, section 2.1.
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 1935\r\n\x03";
        assert_eq!(find(line), Found::Prefix(ProxyPrefix::ProxyV1, 43));
        assert_eq!(find(&line[..20]), Found::Maybe);
        assert_eq!(
            find(&[b"PROXY ".as_slice(), &[b'x'; 200]].concat()),
            Found::No
        );
    }

    #[test]
    fn the_binary_form_tells_its_length() {
        // Section 2.2: signature, version 2 command PROXY, TCP over IPv4, 12 bytes of addresses.
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0C".to_vec();
        header.extend([0; 12]);
        assert_eq!(find(&header), Found::Prefix(ProxyPrefix::ProxyV2, 28));
        assert_eq!(find(&header[..13]), Found::Maybe);
    }

    #[test]
    fn the_form_of_srs_tells_its_length() {
        assert_eq!(
            find(&[0xF3, 0, 4, 192, 0, 2, 1, 3]),
            Found::Prefix(ProxyPrefix::Srs, 7)
        );
        assert_eq!(find(&[0xF3, 0xFF, 0xFF]), Found::No);
    }

    #[test]
    fn other_bytes_are_no_prefix() {
        assert_eq!(find(&[3, 0, 0, 0, 0]), Found::No);
        assert_eq!(find(b"POST /open/1"), Found::No);
        assert_eq!(find(b""), Found::Maybe);
    }
}
