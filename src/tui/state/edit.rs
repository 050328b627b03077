//! A line of text that is being typed. Every printable key is text in it.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// Longest text, in characters: longer than any filter that somebody can read.
const MAX_CHARS: usize = 400;

/// A text and the place in it where one types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    text: String,
    /// In bytes, always between two characters.
    cursor: usize,
}

impl Edit {
    /// A text, to be typed on at its end.
    pub fn new(text: &str) -> Self {
        let text: String = text.chars().take(MAX_CHARS).collect();
        let cursor = text.len();
        Self { text, cursor }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where one types, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// What stands before that place.
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or(&self.text)
    }

    /// What stands behind it.
    pub fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Takes a key. Returns whether it meant something here.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char('u') if ctrl => {
                self.text = self.after().to_owned();
                self.cursor = 0;
            }
            KeyCode::Char('k') if ctrl => self.text.truncate(self.cursor),
            KeyCode::Char('w') if ctrl => self.delete_word(),
            KeyCode::Char(_) if ctrl => return false,
            KeyCode::Char(c) => self.insert(c),
            KeyCode::Backspace => self.delete_before(),
            KeyCode::Delete => {
                if let Some(c) = self.after().chars().next() {
                    let end = self.cursor.saturating_add(c.len_utf8());
                    self.text.replace_range(self.cursor..end, "");
                }
            }
            KeyCode::Left => self.cursor = self.previous(),
            KeyCode::Right => {
                let step = self.after().chars().next().map_or(0, char::len_utf8);
                self.cursor = self.cursor.saturating_add(step);
            }
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    /// Takes what was pasted: its first line, and of that what can be shown.
    pub fn paste(&mut self, pasted: &str) {
        for c in pasted.lines().next().unwrap_or_default().chars() {
            self.insert(c);
        }
    }

    /// Puts a text in the place of some of it, and the cursor behind that.
    pub fn replace(&mut self, range: std::ops::Range<usize>, with: &str) {
        let is_whole = |at: usize| self.text.is_char_boundary(at);
        if range.start <= range.end && is_whole(range.start) && is_whole(range.end) {
            self.text.replace_range(range.clone(), with);
            self.cursor = range.start.saturating_add(with.len());
        }
    }

    fn insert(&mut self, c: char) {
        if self.text.chars().count() < MAX_CHARS && !crate::base::text::is_unsafe(c) {
            self.text.insert(self.cursor, c);
            self.cursor = self.cursor.saturating_add(c.len_utf8());
        }
    }

    /// The place before the character before the cursor.
    fn previous(&self) -> usize {
        let step = self.before().chars().next_back().map_or(0, char::len_utf8);
        self.cursor.saturating_sub(step)
    }

    fn delete_before(&mut self) {
        let start = self.previous();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    fn delete_word(&mut self) {
        let is_blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
        while is_blank(self.before().chars().next_back()) {
            self.delete_before();
        }
        while !self.before().is_empty() && !is_blank(self.before().chars().next_back()) {
            self.delete_before();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(edit: &mut Edit, code: KeyCode) {
        edit.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    fn ctrl(edit: &mut Edit, letter: char) -> bool {
        edit.key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
    }

    #[test]
    fn characters_of_any_length_come_and_go() {
        let mut edit = Edit::new("qé");
        press(&mut edit, KeyCode::Left);
        press(&mut edit, KeyCode::Char('ü'));
        assert_eq!((edit.text(), edit.before()), ("qüé", "qü"));
        press(&mut edit, KeyCode::Delete);
        press(&mut edit, KeyCode::Backspace);
        assert_eq!((edit.text(), edit.cursor()), ("q", 1));
        press(&mut edit, KeyCode::Right);
        press(&mut edit, KeyCode::Home);
        press(&mut edit, KeyCode::Backspace);
        assert_eq!(edit.text(), "q");
    }

    #[test]
    fn keys_of_the_shell_work() {
        let mut edit = Edit::new("role:pub and fps<20");
        ctrl(&mut edit, 'w');
        assert_eq!(edit.text(), "role:pub and ");
        ctrl(&mut edit, 'w');
        assert_eq!(edit.text(), "role:pub ");
        ctrl(&mut edit, 'a');
        press(&mut edit, KeyCode::Right);
        ctrl(&mut edit, 'u');
        assert_eq!(edit.text(), "ole:pub ");
        ctrl(&mut edit, 'k');
        assert_eq!(edit.text(), "");
        assert!(!ctrl(&mut edit, 'c'), "keys without meaning are told");
    }

    #[test]
    fn what_is_pasted_cannot_drive_the_terminal() {
        let mut edit = Edit::default();
        edit.paste("cam\u{1b}[2J\u{202e}x\nsecond line");
        assert_eq!(edit.text(), "cam[2Jx");
        edit.paste(&"y".repeat(10_000));
        assert_eq!(edit.text().chars().count(), MAX_CHARS);
    }

    #[test]
    fn a_completion_takes_the_place_of_its_beginning() {
        let mut edit = Edit::new("ro and x");
        edit.replace(0..2, "role");
        assert_eq!((edit.text(), edit.cursor()), ("role and x", 4));
        edit.replace(0..99, "nothing");
        assert_eq!(edit.text(), "role and x");
    }
}
