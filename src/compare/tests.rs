//! Two connections made by hand, by what is known of them.
