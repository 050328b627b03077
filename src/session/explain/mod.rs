//! What each anomaly means, what usually causes it, and what to look at or to try: for people who
//! meet its code for the first time. One closed list with an entry for every code.

mod body;
mod media;
mod session;
#[cfg(test)]
mod tests;
mod wire;

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What it means for the stream.
    pub meaning: &'static str,
    /// What usually causes it.
    pub cause: &'static str,
    /// What to look at or to try.
    pub advice: &'static str,
}

/// One entry of the lists.
const fn says(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    advice: &'static str,
) -> Explanation {
    Explanation {
        code,
        meaning,
        cause,
        advice,
    }
}

/// All explanations, those of one layer together.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    let lists = [wire::LIST, body::LIST, media::LIST, session::LIST];
    lists.into_iter().flatten()
}

/// What is known of a code; `None` for what is none.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    all().find(|explanation| explanation.code == code)
}
