//! Figures of many damages, summed up.

use std::collections::BTreeMap;

use crate::judge::Verdict;
use crate::packet::Way;

/// Sums over the cases of one kind of damage.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) cases: usize,
    pub(crate) recoverable: usize,
    pub(crate) undescribed: usize,
    pub(crate) presumed: usize,
    pub(crate) recovered: usize,
    pub(crate) touched: usize,
    pub(crate) in_part: usize,
    pub(crate) invented: usize,
    pub(crate) mistimed: usize,
    pub(crate) lost_behind: usize,
    /// Directions with messages that could be recovered, and those in which nothing was found.
    pub(crate) searched: usize,
    pub(crate) nothing_found: usize,
    /// Cases that cost no more than they may.
    pub(crate) good: usize,
    /// What was lost and need not have been, the first few.
    pub(crate) examples: Vec<String>,
    /// What must never be, all of it.
    pub(crate) faults: Vec<String>,
}

/// Most examples kept of what was lost.
const EXAMPLES: usize = 6;

impl Tally {
    /// Takes in one case: its verdicts, and whether it cost no more than it may.
    pub(crate) fn add(&mut self, case: &str, verdicts: &BTreeMap<Way, Verdict>, good: bool) {
        self.cases += 1;
        self.good += usize::from(good);
        for (way, verdict) in verdicts {
            self.direction(case, way, verdict);
        }
    }

    fn direction(&mut self, case: &str, way: &Way, verdict: &Verdict) {
        self.recoverable += verdict.recoverable;
        self.undescribed += verdict.undescribed;
        self.presumed += verdict.presumed;
        self.recovered += verdict.recovered;
        self.touched += verdict.touched;
        self.in_part += verdict.in_part;
        self.invented += verdict.invented.len();
        self.mistimed += verdict.mistimed.len();
        self.lost_behind += verdict.lost_behind;
        self.searched += usize::from(verdict.recoverable > 0);
        self.nothing_found += usize::from(verdict.recoverable > 0 && verdict.lock.is_none());
        let odd = [
            ("invented", &verdict.invented),
            ("mistimed", &verdict.mistimed),
        ];
        for (word, list) in odd {
            for each in list {
                let ports = (way.0.port, way.1.port);
                self.faults.push(format!("{case} {ports:?}: {word} {each}"));
            }
        }
    }

    pub(crate) fn example(&mut self, text: String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(text);
        }
    }

    pub(crate) fn sum(tallies: &[Self]) -> Self {
        let mut sum = Self::default();
        for tally in tallies {
            sum.cases += tally.cases;
            sum.recoverable += tally.recoverable;
            sum.undescribed += tally.undescribed;
            sum.presumed += tally.presumed;
            sum.searched += tally.searched;
            sum.nothing_found += tally.nothing_found;
            sum.recovered += tally.recovered;
            sum.touched += tally.touched;
            sum.in_part += tally.in_part;
            sum.invented += tally.invented;
            sum.mistimed += tally.mistimed;
            sum.lost_behind += tally.lost_behind;
            sum.good += tally.good;
            sum.examples.extend(tally.examples.iter().cloned());
            sum.faults.extend(tally.faults.iter().cloned());
        }
        sum
    }

    pub(crate) fn head() -> &'static str {
        "| damage | cases | within bounds | whole messages there | recovered | lost behind the first found | touched | \
         reported in part | directions | nothing found | undescribed | stream presumed wrong | invented | wrong time |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    }

    pub(crate) fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.cases,
            percent(self.good, self.cases),
            self.recoverable,
            percent(self.recovered, self.recoverable),
            self.lost_behind,
            self.touched,
            percent(self.in_part, self.touched),
            self.searched,
            self.nothing_found,
            self.undescribed,
            self.presumed,
            self.invented,
            self.mistimed,
        )
    }
}

fn percent(part: usize, all: usize) -> String {
    if all == 0 {
        return "–".to_owned();
    }
    // Rounded down: nothing but all is 100 %.
    let per_mille_mille = part * 100_000 / all;
    format!("{}.{:03} %", per_mille_mille / 1000, per_mille_mille % 1000)
}
