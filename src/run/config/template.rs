//! The template of a configuration: every setting and every command with what holds without one,
//! commented out. Made of the tables that the program goes by.

use std::fmt::Write as _;

use rtmpscope::tui::commands::COMMANDS;
use rtmpscope::tui::commands::Command;
use rtmpscope::tui::commands::Scope;
use rtmpscope::tui::keys::Press;

use crate::run::config::settings::SETTINGS;

/// The template.
pub(in crate::run) fn template() -> String {
    let mut out = String::from(
        "# Configuration of rtmpscope: ~/.config/rtmpscope/config.toml\n\
         # A line counts without the # before it. Flags count more than what is set here.\n",
    );
    for setting in SETTINGS {
        let _ = writeln!(out, "\n# {}", setting.help);
        for (word, help) in (setting.words)() {
            let _ = writeln!(out, "#   \"{word}\": {help}");
        }
        let _ = writeln!(out, "#{} = {}", setting.name, setting.default);
    }
    out.push_str(
        "\n# Keys take the place of those that a command has; [] takes them away. A key is a\n\
         # character, or enter, esc, tab, shift-tab, space, up, down, left, right, pgup, pgdn, home,\n\
         # end, insert, delete, backspace, f1 to f12, or one of these with ctrl- before it.\n\
         [keys]\n",
    );
    for (name, about) in commands() {
        for (help, scope) in &about {
            let _ = writeln!(out, "# {help}{}", screens(*scope));
        }
        let keys = COMMANDS.iter().find(|command| command.name == name);
        let keys = keys.map_or(&[][..], |command| command.keys);
        let keys: Vec<String> = keys.iter().map(|key| quoted(*key)).collect();
        let _ = writeln!(out, "#{name} = [{}]", keys.join(", "));
    }
    out.push_str(
        "\n# Display filters: `-Y :late` means the one with this name.\n\
         [filters]\n\
         #late = \"health<ok\"\n",
    );
    out
}

/// What is known of one name.
pub(in crate::run) type About = (&'static str, Vec<(&'static str, Scope)>);

/// Names of the commands in the order of their table, with what they do and where.
pub(in crate::run) fn commands() -> Vec<About> {
    let mut commands: Vec<About> = Vec::new();
    for Command {
        name, help, scope, ..
    } in COMMANDS
    {
        match commands.iter_mut().find(|(known, _)| known == name) {
            Some((_, about)) => about.push((help, *scope)),
            None => commands.push((name, vec![(help, *scope)])),
        }
    }
    commands
}

/// Where something can be done, behind what it does.
pub(in crate::run) fn screens(scope: Scope) -> String {
    match scope {
        Scope::Everywhere => String::new(),
        Scope::On(screens) => {
            let names: Vec<&str> = screens.iter().map(|screen| screen.title()).collect();
            format!(" ({})", names.join(", "))
        }
    }
}

fn quoted(key: Press) -> String {
    format!(
        "\"{}\"",
        key.typed().replace('\\', "\\\\").replace('"', "\\\"")
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rtmpscope::tui::keys::KeyMap;
    use rtmpscope::tui::state::moments::TimeMode;
    use rtmpscope::tui::theme::ThemeName;

    use super::*;
    use crate::run::config::read::Config;
    use crate::run::config::read::parsed;

    /// The template with every setting in force.
    fn uncommented() -> String {
        let mut out = String::new();
        for line in template().lines() {
            let setting = line.strip_prefix('#').filter(|rest| {
                let name = rest.split(" = ").next().unwrap_or_default();
                name.chars().all(|c| c.is_ascii_lowercase() || c == '-') && rest.contains(" = ")
            });
            out.push_str(setting.unwrap_or(line));
            out.push('\n');
        }
        out
    }

    #[test]
    fn the_template_changes_nothing() {
        assert_eq!(parsed(&template(), "template"), Ok(Config::default()));
    }

    #[test]
    fn every_line_of_the_template_is_what_holds_without_it() {
        let config = parsed(&uncommented(), "template").unwrap();
        assert_eq!(config.theme, Some(ThemeName::default()));
        assert_eq!(config.time, Some(TimeMode::default()));
        assert_eq!((config.mouse, config.follow), (Some(true), Some(false)));
        assert_eq!(config.save_dir.as_deref(), Some("."));
        assert_eq!(config.keys, Arc::new(KeyMap::default()));
        assert_eq!(config.filters.len(), 1);
    }

    #[test]
    fn every_command_is_in_the_template() {
        let text = uncommented();
        for command in COMMANDS {
            assert!(text.contains(&format!("\n{} = [", command.name)));
            assert!(text.contains(&format!("# {}", command.help)));
        }
    }
}
