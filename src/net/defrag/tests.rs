//! Fragments: what is put together, what is given up, and within which bounds.

use super::*;

fn key(id: u32) -> DatagramKey {
    DatagramKey {
        source: IpAddr::from([10, 0, 0, 1]),
        destination: IpAddr::from([10, 0, 0, 2]),
        tunnel: 0,
        id,
        protocol: Some(6),
    }
}

fn fragment(offset: u16, more: bool) -> Fragment {
    Fragment {
        id: 0,
        offset,
        more,
    }
}

/// Feeds a fragment that was captured whole at second 0.
fn add(
    defragmenter: &mut Defragmenter,
    offset: u16,
    more: bool,
    data: &[u8],
) -> Result<Vec<u8>, Skip> {
    add_at(defragmenter, 0, 1, offset, more, data)
}

fn add_at(
    defragmenter: &mut Defragmenter,
    seconds: i64,
    id: u32,
    offset: u16,
    more: bool,
    data: &[u8],
) -> Result<Vec<u8>, Skip> {
    let now = Timestamp::from_secs_nanos(seconds, 0);
    let window = Window::new(data, data.len());
    defragmenter
        .add(key(id), 6, fragment(offset, more), window, now)
        .map(|datagram| {
            assert_eq!(datagram.wire, datagram.data.len());
            datagram.data
        })
}

#[test]
fn three_fragments_backwards() {
    let mut defragmenter = Defragmenter::default();
    for (offset, more, data) in [(2, false, &[3; 3][..]), (1, true, &[2; 8])] {
        let pending = add(&mut defragmenter, offset, more, data);
        assert_eq!(pending, Err(Skip::FragmentPending));
    }
    let whole = add(&mut defragmenter, 0, true, &[1; 8]).unwrap();
    assert_eq!(whole, [&[1; 8][..], &[2; 8], &[3; 3]].concat());
    assert_eq!(defragmenter.counts().completed, 1);
    assert_eq!(defragmenter.pending(), 0);
}

#[test]
fn an_equal_fragment_again_is_ignored() {
    let mut defragmenter = Defragmenter::default();
    for _ in 0..2 {
        let pending = add(&mut defragmenter, 0, true, &[1; 16]);
        assert_eq!(pending, Err(Skip::FragmentPending));
    }
    // A part of it is no news either.
    let pending = add(&mut defragmenter, 1, true, &[1; 8]);
    assert_eq!(pending, Err(Skip::FragmentPending));
    assert!(add(&mut defragmenter, 2, false, &[2]).is_ok());
}

#[test]
fn overlaps_give_the_datagram_up_with_all_that_follows() {
    // Other bytes at the same place; bytes across the end of a piece; a piece within.
    for (offset, data) in [(0, &[9; 16][..]), (1, &[1; 16]), (0, &[1; 24])] {
        let mut defragmenter = Defragmenter::default();
        let pending = add(&mut defragmenter, 0, true, &[1; 16]);
        assert_eq!(pending, Err(Skip::FragmentPending));
        let overlap = add(&mut defragmenter, offset, true, data);
        assert_eq!(overlap, Err(Skip::FragmentDropped));
        let last = add(&mut defragmenter, 2, false, &[2]);
        assert_eq!(last, Err(Skip::FragmentDropped));
        assert_eq!(defragmenter.counts().dropped, 1);
        assert_eq!(defragmenter.pending(), 0);
    }
}

#[test]
fn two_ends_contradict_each_other() {
    for (offset, more, data) in [
        (4, false, &[2][..]),
        (4, true, &[2; 8]),
        (0, false, &[2; 8]),
    ] {
        let mut defragmenter = Defragmenter::default();
        let pending = add(&mut defragmenter, 2, false, &[1; 8]);
        assert_eq!(pending, Err(Skip::FragmentPending));
        let contradiction = add(&mut defragmenter, offset, more, data);
        assert_eq!(contradiction, Err(Skip::FragmentDropped));
    }
    // The end lies before what came earlier.
    let mut defragmenter = Defragmenter::default();
    let pending = add(&mut defragmenter, 2, true, &[1; 8]);
    assert_eq!(pending, Err(Skip::FragmentPending));
    let contradiction = add(&mut defragmenter, 0, false, &[1; 16]);
    assert_eq!(contradiction, Err(Skip::FragmentDropped));
}

#[test]
fn pieces_that_ip_does_not_allow_are_dropped() {
    // Not a multiple of 8 (RFC 791 section 3.2), nothing at all, beyond 65535 bytes.
    for (offset, data) in [(0, &[1; 7][..]), (0, &[]), (8191, &[1; 16])] {
        let mut defragmenter = Defragmenter::default();
        let dropped = add(&mut defragmenter, offset, true, data);
        assert_eq!(dropped, Err(Skip::FragmentDropped));
    }
}

#[test]
fn fragments_of_different_datagrams_do_not_mix() {
    let mut defragmenter = Defragmenter::default();
    let first = add_at(&mut defragmenter, 0, 1, 0, true, &[1; 8]);
    let other = add_at(&mut defragmenter, 0, 2, 1, false, &[2; 8]);
    assert_eq!(first, Err(Skip::FragmentPending));
    assert_eq!(other, Err(Skip::FragmentPending));
    assert_eq!(defragmenter.pending(), 2);
}

#[test]
fn a_datagram_expires_after_30_seconds_of_capture_time() {
    let mut defragmenter = Defragmenter::default();
    let first = add_at(&mut defragmenter, 0, 1, 0, true, &[1; 8]);
    assert_eq!(first, Err(Skip::FragmentPending));
    // The identification is in use again: this fragment begins another datagram.
    let late = add_at(&mut defragmenter, 31, 1, 1, false, &[2; 8]);
    assert_eq!(late, Err(Skip::FragmentPending));
    assert_eq!(defragmenter.counts().expired, 1);
    let whole = add_at(&mut defragmenter, 31, 1, 0, true, &[3; 8]);
    assert_eq!(whole.unwrap(), [[3; 8], [2; 8]].concat());
}

#[test]
fn a_capture_that_runs_backwards_expires_nothing() {
    let mut defragmenter = Defragmenter::default();
    let first = add_at(&mut defragmenter, 1000, 1, 0, true, &[1; 8]);
    assert_eq!(first, Err(Skip::FragmentPending));
    assert!(add_at(&mut defragmenter, 0, 1, 1, false, &[2; 8]).is_ok());
}

#[test]
fn the_least_recently_used_datagram_makes_room() {
    let mut defragmenter = Defragmenter::default();
    let datagrams = u32::try_from(MAX_DATAGRAMS).unwrap();
    for id in 0..datagrams {
        let pending = add_at(&mut defragmenter, 0, id, 0, true, &[1; 8]);
        assert_eq!(pending, Err(Skip::FragmentPending));
    }
    // The oldest one is used again, so the second oldest goes.
    let pending = add_at(&mut defragmenter, 0, 0, 2, true, &[1; 8]);
    assert_eq!(pending, Err(Skip::FragmentPending));
    let pending = add_at(&mut defragmenter, 0, datagrams, 0, true, &[1; 8]);
    assert_eq!(pending, Err(Skip::FragmentPending));
    assert_eq!(defragmenter.counts().evicted, 1);
    assert_eq!(defragmenter.pending(), MAX_DATAGRAMS);
    let kept = add_at(&mut defragmenter, 0, 0, 1, true, &[1; 8]);
    assert_eq!(kept, Err(Skip::FragmentPending));
    assert!(add_at(&mut defragmenter, 0, 0, 3, false, &[1; 8]).is_ok());
    let evicted = add_at(&mut defragmenter, 0, 1, 1, false, &[1; 8]);
    assert_eq!(evicted, Err(Skip::FragmentPending));
}

#[test]
fn a_datagram_of_too_many_pieces_is_given_up() {
    let mut defragmenter = Defragmenter::default();
    let mut outcomes = Vec::new();
    for piece in 0..200 {
        outcomes.push(add(&mut defragmenter, piece << 1, true, &[1; 8]).unwrap_err());
    }
    let pending = |skip: &&Skip| **skip == Skip::FragmentPending;
    assert_eq!(outcomes.iter().filter(pending).count(), MAX_PIECES);
    assert_eq!(outcomes.last(), Some(&Skip::FragmentDropped));
}

#[test]
fn cut_fragments_keep_their_length() {
    let mut defragmenter = Defragmenter::default();
    let now = Timestamp(0);
    let cut = Window::new(&[1; 4], 16);
    // Twice, as captures of several interfaces have it.
    for _ in 0..2 {
        let pending = defragmenter.add(key(1), 6, fragment(0, true), cut, now);
        assert_eq!(pending, Err(Skip::FragmentPending));
    }
    let last = Window::new(&[2; 8], 8);
    let datagram = defragmenter.add(key(1), 6, fragment(2, false), last, now);
    assert_eq!(
        datagram,
        Ok(Datagram {
            protocol: 6,
            data: vec![1; 4],
            wire: 24
        })
    );
}

#[test]
fn the_first_fragment_names_the_protocol() {
    // RFC 8200 section 4.5: later fragments may name another one.
    let mut defragmenter = Defragmenter::default();
    let now = Timestamp(0);
    let window = Window::new(&[1; 8], 8);
    let last = defragmenter.add(key(1), 60, fragment(1, false), window, now);
    assert_eq!(last, Err(Skip::FragmentPending));
    let datagram = defragmenter.add(key(1), 6, fragment(0, true), window, now);
    assert_eq!(datagram.unwrap().protocol, 6);
}
