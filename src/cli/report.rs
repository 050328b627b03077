//! In what a report is written.

use clap::ValueEnum;
use rtmpscope::report::document::Format;

/// In what a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Plain text.
    Text,
    /// Markdown.
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// One page of HTML that needs nothing else.
    Html,
    /// A sequence diagram for Mermaid.
    Mermaid,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Text,
            ReportFormat::Markdown => Self::Markdown,
            ReportFormat::Html => Self::Html,
            ReportFormat::Mermaid => Self::Mermaid,
        }
    }
}
