//! Which two connections are held against each other.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Inputs;
use crate::cli::Origin;

/// What is compared, and how it is told.
#[derive(Debug, Args, Clone)]
pub(crate) struct DiffFlags {
    /// A capture file, and behind a `#` the number of the connection in it; without one the RTMP
    /// connection with most media, or else with most messages.
    #[arg(value_name = "A[#N]")]
    pub left: String,
    /// Another one, or another connection of the same file.
    #[arg(value_name = "B[#N]")]
    pub right: String,
    /// Print the comparison, also where there is a terminal for the dashboard.
    #[arg(long)]
    pub text: bool,
    /// Print what is the same, too.
    #[arg(long)]
    pub all: bool,
    /// What is printed: text, or json (one object per line).
    #[arg(short = 'T', long, value_enum, value_name = "FORMAT")]
    pub format: Option<DiffFormat>,
}

/// In what a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// Plain text.
    Text,
    /// One JSON object per line.
    Json,
}

/// A connection that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sought {
    /// In which of the files, from 0.
    pub file: u64,
    /// Its number there; `None` for the most important one.
    pub number: Option<u64>,
}

impl DiffFlags {
    /// What to read and which connections of it to compare.
    ///
    /// # Errors
    ///
    /// A sentence for the user when flags contradict what is named.
    pub(crate) fn input(&self, flags: &Flags) -> Result<(Input, [Sought; 2]), String> {
        if !flags.interface.is_empty() || !flags.read.is_empty() {
            return Err("diff takes its two files as words: leave -r and -i out".to_owned());
        }
        if flags.display_filter.is_some() {
            return Err("diff takes connections by their numbers: leave -Y out".to_owned());
        }
        if flags.packets.write.is_some() {
            return Err("diff writes no packets: leave -w out".to_owned());
        }
        let (left, left_number) = parse(&self.left)?;
        let (right, right_number) = parse(&self.right)?;
        let is_one_file = is_same(&left, &right);
        let sought = [
            Sought {
                file: 0,
                number: left_number,
            },
            Sought {
                file: u64::from(!is_one_file),
                number: right_number,
            },
        ];
        let mut files = vec![left];
        if !is_one_file {
            files.push(right);
        }
        let named = Inputs {
            words: vec!["-".to_owned()],
        };
        let input = Input {
            origin: Origin::Files(files),
            is_apart: true,
            ..flags.input(&named)?
        };
        Ok((input, sought))
    }
}

/// A path, and a number behind it.
fn parse(word: &str) -> Result<(PathBuf, Option<u64>), String> {
    let whole = || Ok((PathBuf::from(word), None));
    let Some((path, number)) = word.rsplit_once('#') else {
        return whole();
    };
    // A file may be called like that.
    if path.is_empty() || Path::new(word).is_file() {
        return whole();
    }
    match number.parse() {
        Ok(number) if number > 0 => Ok((PathBuf::from(path), Some(number))),
        _ => Err(format!(
            "{word}: behind the # stands the number of a connection, as the report gives it"
        )),
    }
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let is_equal = || match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    one == other || is_equal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_behind_the_file() {
        let of = |path: &str, number| Ok((PathBuf::from(path), number));
        assert_eq!(parse("a.pcap"), of("a.pcap", None));
        assert_eq!(parse("a.pcap#12"), of("a.pcap", Some(12)));
        assert_eq!(parse("a#1.pcap#2"), of("a#1.pcap", Some(2)));
        assert_eq!(parse("-"), of("-", None));
        assert!(parse("a.pcap#0").is_err());
        assert!(parse("a.pcap#two").unwrap_err().contains("number"));
    }
}
