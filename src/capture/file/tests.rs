//! Situations of whole files, with the bytes written by hand.
