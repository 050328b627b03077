//! What a package of the program has beside it: the manual page and the completions of shells,
//! from the definition of the command line and from the tables that the program goes by.

use std::io;
use std::io::Write;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::Inline;
use clap_mangen::roff::Roff;
use clap_mangen::roff::bold;
use clap_mangen::roff::italic;
use clap_mangen::roff::roman;
use rtmpscope::tui::commands::COMMANDS;
use rtmpscope::tui::keys::shown;

use crate::cli::Cli;
use crate::cli::EXAMPLES;
use crate::cli::EXIT_STATUS;
use crate::run::config::SETTINGS;
use crate::run::config::commands;
use crate::run::config::of_screens;

/// The name of the program.
const NAME: &str = "rtmpscope";

/// Files that the program reads and writes by itself.
const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/rtmpscope/config.toml, ~/.config/rtmpscope/config.toml",
        "the configuration",
    ),
    (
        "$XDG_STATE_HOME/rtmpscope/recent, ~/.local/state/rtmpscope/recent",
        "captures that the dashboard opened: paths and times, and nothing of what is in them",
    ),
];

/// Variables of the environment that the program looks at.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "NO_COLOR",
        "when it is set to anything, there are no colours",
    ),
    (
        "COLORTERM, TERM",
        "how many colours the terminal has: truecolor or 24bit, 256color",
    ),
    (
        "COLORFGBG",
        "whether the terminal is dark or light; without it the terminal is asked",
    ),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "whether the terminal shows more than ASCII",
    ),
    (
        "RTMPSCOPE_NO_RECENT",
        "when it is set to anything, no captures are remembered or listed",
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, HOME",
        "where the configuration and the list of captures are",
    ),
];

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut bytes);
    out.write_all(&bytes)
}

/// Prints the manual page.
pub(super) fn manual(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    // One page has all: no other is referred to.
    let man = Man::new(command.clone());
    // A date would make every build another page.
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        ".TH RTMPSCOPE 1 \"\" \"{NAME} {version}\" \"User Commands\""
    )?;
    man.render_name_section(out)?;
    let mut roff = Roff::new();
    synopsis(&mut roff);
    roff.to_writer(out)?;
    man.render_description_section(out)?;
    let mut roff = Roff::new();
    section(&mut roff, "COMMANDS");
    for part in command.get_subcommands() {
        let about = part.get_about().map(ToString::to_string);
        entry(&mut roff, part.get_name(), &about.unwrap_or_default());
        let options = part.get_arguments().filter(|argument| {
            let is_common = command
                .get_arguments()
                .any(|common| common.get_id() == argument.get_id());
            !is_common && argument.get_long().is_some_and(|long| long != "help")
        });
        for option in options {
            let help = option.get_help().map(ToString::to_string);
            let mut line = vec![bold(spelled(option))];
            if option.get_action().takes_values() {
                for name in option.get_value_names().unwrap_or_default() {
                    line.extend([roman(" "), italic(name.as_str())]);
                }
            }
            line.push(roman(format!(": {}", help.unwrap_or_default())));
            roff.control("br", []);
            roff.text(line);
        }
    }
    roff.to_writer(out)?;
    man.render_options_section(out)?;
    let mut roff = Roff::new();
    keys(&mut roff);
    configuration(&mut roff);
    section(&mut roff, "FILES");
    for (name, help) in FILES {
        entry(&mut roff, name, help);
    }
    section(&mut roff, "ENVIRONMENT");
    for (name, help) in ENVIRONMENT {
        entry(&mut roff, name, help);
    }
    section(&mut roff, "EXIT STATUS");
    for (code, help) in EXIT_STATUS {
        entry(&mut roff, &code.to_string(), help);
    }
    section(&mut roff, "EXAMPLES");
    roff.control("nf", []);
    let lines = EXAMPLES.lines().filter(|line| line.starts_with(' '));
    for line in lines {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
    roff.to_writer(out)?;
    man.render_version_section(out)
}

fn synopsis(roff: &mut Roff) {
    section(roff, "SYNOPSIS");
    for rest in [
        " [options] [file ...] [bpf expression]",
        " [options] -i interface [bpf expression]",
        " command [options] [file ...] [bpf expression]",
    ] {
        roff.text([bold(NAME), roman(rest)]);
        roff.control("br", []);
    }
}

fn spelled(option: &clap::Arg) -> String {
    let short = option.get_short().map(|short| format!("-{short}, "));
    let long = option.get_long().map(|long| format!("--{long}"));
    short.unwrap_or_default() + &long.unwrap_or_default()
}

fn keys(roff: &mut Roff) {
    section(roff, "KEYS");
    roff.text([roman(
        "Keys of the dashboard, with the names of what they do: the palette and the configuration \
         know it by these.",
    )]);
    for (name, about) in commands() {
        let command = COMMANDS.iter().find(|command| command.name == name);
        let keys = command.map_or_else(String::new, |command| shown(command.keys));
        roff.control("TP", []);
        roff.text([bold(keys), roman("  "), italic(name)]);
        let about: Vec<String> = about
            .iter()
            .map(|(help, scope)| format!("{help}{}", of_screens(*scope)))
            .collect();
        roff.text([roman(about.join("; "))]);
    }
}

fn configuration(roff: &mut Roff) {
    section(roff, "CONFIGURATION");
    let mut about: Vec<Inline> = vec![roman("The file is TOML. ")];
    about.push(bold("rtmpscope --print-config-template"));
    about.push(roman(
        " prints one with everything in it. Beside these settings it has a table ",
    ));
    about.push(bold("[keys]"));
    about.push(roman(
        ", in which a name of KEYS is given others, and a table ",
    ));
    about.push(bold("[filters]"));
    about.push(roman(", in which display filters have names."));
    roff.text(about);
    for setting in SETTINGS {
        let words: Vec<&str> = (setting.words)().iter().map(|(word, _)| *word).collect();
        let help = if words.is_empty() {
            setting.help.to_owned()
        } else {
            format!("{}: {}", setting.help, words.join(", "))
        };
        entry(
            roff,
            &format!("{} = {}", setting.name, setting.default),
            &help,
        );
    }
}

fn section(roff: &mut Roff, name: &str) {
    roff.control("SH", [name]);
}

fn entry(roff: &mut Roff, name: &str, help: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(help)]);
}
