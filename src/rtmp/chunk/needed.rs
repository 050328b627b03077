//! How much evidence each kind of place needs before a header there is believed.

/// How much evidence a trial needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needed {
    /// Bits in all.
    pub(super) bits: u32,
    /// Bits of the first header.
    pub(super) first: u32,
    /// Headers.
    pub(super) headers: u32,
    /// Whether a header must stand behind the end of the first message: its length is not told by
    /// its own header, and continuations within it stand where they do for other lengths too.
    pub(super) past_first: bool,
    /// Bits of the headers before the first that tells its message's length itself. What stands
    /// behind that one speaks for it alone: payload taken for a header leads to a true one by
    /// chance, and all that follows is true then.
    pub(super) leading: u32,
    /// Bits of the header behind a message that nothing describes, for passing it over; 0 where
    /// there is but one place to try, so that what is passed over would prove anything.
    pub(super) passing: u32,
    /// Messages that must begin on the chunk stream of the first header.
    pub(super) begins: u32,
}

impl Needed {
    /// None at all.
    pub(super) const NOTHING: Self = Self {
        bits: 0,
        first: 0,
        headers: 0,
        past_first: false,
        leading: 0,
        passing: 0,
        begins: 0,
    };
}

/// For a header anywhere in the bytes. Half a million places and some sizes are tried: 60 bits
/// leave one false find in many billions. The first header must be strong by itself, since a
/// false one could lead to true ones by chance.
pub(super) const ANYWHERE: Needed = Needed {
    bits: 60,
    first: 22,
    headers: 3,
    passing: 22,
    ..Needed::NOTHING
};

/// For a header where one has to be if nothing else was sent in a hole, or whose length is not
/// certain: there is one place to try.
pub(super) const EXPECTED: Needed = Needed {
    bits: 20,
    headers: 1,
    ..Needed::NOTHING
};

/// For a header behind a message whose length is that of others: it must tell all itself.
pub(super) const BETWEEN: Needed = Needed {
    bits: 22,
    first: 22,
    headers: 1,
    passing: 22,
    ..Needed::NOTHING
};

/// A header that was read, but refers to what may have changed unseen: what it says itself
/// proves nothing.
pub(super) const IN_DOUBT: Needed = Needed {
    bits: 34,
    headers: 3,
    past_first: true,
    ..Needed::NOTHING
};

/// Bits of a header behind a message, if its own message is longer than any before and has no
/// continuation.
pub(super) const IN_ONE_CHUNK: u32 = 22;

/// For a header right behind a hole: senders and networks lose whole segments, and segments begin
/// where headers do more often than not. There is one place to try, but what a header refers to
/// may have changed in the hole.
pub(super) const BEHIND: Needed = Needed {
    bits: 32,
    headers: 2,
    past_first: true,
    leading: 20,
    ..Needed::NOTHING
};

/// For a header among so many.
pub(super) const NOT_FAR: Needed = Needed {
    bits: 52,
    leading: 36,
    ..NEAR
};

/// For a header among so many places.
pub(super) const NEAR: Needed = Needed {
    bits: 38,
    headers: 3,
    past_first: true,
    leading: 28,
    ..Needed::NOTHING
};

/// For control messages that a peer repeats and whose first header nobody saw, among so many places:
/// there must be another.
pub(super) const REPEATED: Needed = Needed { begins: 2, ..NEAR };

/// For the first header of those that must stand up to where a hole ends the bytes.
pub(super) const TO_THE_END: Needed = Needed {
    bits: u32::MAX,
    first: 22,
    ..Needed::NOTHING
};

/// Bits of the headers up to a hole, of which the first stands right behind another: there is one
/// place to try, and every segment of a capture that cuts them has one.
pub(super) const PROVEN_BEHIND: u32 = 30;

/// The same for headers elsewhere, of which half a million places are tried.
pub(super) const PROVEN: u32 = 46;

/// The same at the begin of a capture, where nothing says that these are chunks at all, and how many
/// headers there must be.
pub(super) const PROVEN_AT_BEGIN: (u32, u32) = (60, 2);

/// For a length among so many: several messages of the chunk stream must have it, and headers that
/// tell all may stand between them.
pub(super) const INFERRED: Needed = Needed {
    bits: 60,
    headers: 4,
    passing: 22,
    begins: 3,
    ..Needed::NOTHING
};

/// For the length of a data message, whose end shows in its payload, and of a control message.
pub(super) const INFERRED_DATA: Needed = Needed {
    headers: 3,
    begins: 1,
    ..INFERRED
};

/// For a chunk size among some dozens that were tried.
pub(super) const SIZE: Needed = Needed {
    bits: 30,
    headers: 2,
    ..Needed::NOTHING
};

/// For one of two ways in which chunks may be cut, behind a header that is certain.
pub(super) const SIZES: Needed = Needed {
    bits: 30,
    headers: 3,
    past_first: true,
    ..Needed::NOTHING
};
