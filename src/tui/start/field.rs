//! A line of text that is typed. What could drive a terminal cannot get into it.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::base::text::is_unsafe;
use crate::tui::widgets::text::width;

/// Most characters: the longest path that Linux takes is 4096 bytes, and nobody types that.
const MOST: usize = 1024;

/// Text, and where one types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    text: String,
    /// Characters before the cursor.
    cursor: usize,
}

impl Field {
    /// A field with this text, to type behind it.
    pub fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a key; whether it is one of a field.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('u') => *self = Self::default(),
                KeyCode::Char('w') => self.delete_word(),
                KeyCode::Char('a') => self.cursor = 0,
                KeyCode::Char('e') => self.cursor = self.len(),
                KeyCode::Char('h') => self.delete_before(),
                _ => return false,
            }
            return true;
        }
        match key.code {
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => self.delete_before(),
            KeyCode::Delete => {
                if self.cursor < self.len() {
                    self.cursor = self.cursor.saturating_add(1);
                    self.delete_before();
                }
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = self.cursor.saturating_add(1).min(self.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.len(),
            _ => return false,
        }
        true
    }

    /// Puts text where the cursor is, without line ends and all that is not to be shown.
    pub fn insert(&mut self, text: &str) {
        let at = self.byte(self.cursor);
        let room = MOST.saturating_sub(self.len());
        let new: String = text.chars().filter(|c| !is_unsafe(*c)).take(room).collect();
        self.text.insert_str(at, &new);
        self.cursor = self.cursor.saturating_add(new.chars().count());
    }

    /// What is to be shown in so many columns: before the cursor, and behind it.
    pub fn shown(&self, room: usize) -> (&str, &str) {
        let (mut before, behind) = self.text.split_at(self.byte(self.cursor));
        // The cursor takes a column.
        let room = room.saturating_sub(1);
        while width(before) > room {
            let mut rest = before.chars();
            rest.next();
            before = rest.as_str();
        }
        let left = room.saturating_sub(width(before));
        let mut end = behind.len();
        while behind.get(..end).is_some_and(|text| width(text) > left) {
            end = behind.get(..end).map_or(0, |text| {
                text.char_indices().next_back().map_or(0, |(at, _)| at)
            });
        }
        (before, behind.get(..end).unwrap_or_default())
    }

    fn len(&self) -> usize {
        self.text.chars().count()
    }

    fn byte(&self, characters: usize) -> usize {
        let mut places = self.text.char_indices();
        places.nth(characters).map_or(self.text.len(), |(at, _)| at)
    }

    fn delete_before(&mut self) {
        if let Some(before) = self.cursor.checked_sub(1) {
            let at = self.byte(before);
            if at < self.text.len() {
                self.text.remove(at);
                self.cursor = before;
            }
        }
    }

    fn delete_word(&mut self) {
        let (before, behind) = self.text.split_at(self.byte(self.cursor));
        let ends = |c: char| c.is_whitespace() || c == '/';
        let kept = before.trim_end_matches(ends);
        let end = kept.rfind(ends).map_or(0, |at| at.saturating_add(1));
        let kept = kept.get(..end).unwrap_or_default();
        self.cursor = kept.chars().count();
        self.text = format!("{kept}{behind}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode) {
        assert!(
            field.key(KeyEvent::new(code, KeyModifiers::NONE)),
            "{code:?}"
        );
    }

    fn control(field: &mut Field, c: char) -> bool {
        field.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
    }

    #[test]
    fn text_is_typed_and_deleted_where_the_cursor_is() {
        let mut field = Field::of("tcp pört");
        press(&mut field, KeyCode::Left);
        press(&mut field, KeyCode::Backspace);
        assert_eq!(field.text(), "tcp pöt");
        press(&mut field, KeyCode::Left);
        press(&mut field, KeyCode::Delete);
        press(&mut field, KeyCode::Char('o'));
        assert_eq!(field.text(), "tcp pot");
        press(&mut field, KeyCode::Home);
        press(&mut field, KeyCode::Backspace);
        press(&mut field, KeyCode::Char('x'));
        assert_eq!(field.text(), "xtcp pot");
        press(&mut field, KeyCode::End);
        press(&mut field, KeyCode::Delete);
        assert!(control(&mut field, 'w'));
        assert_eq!(field.text(), "xtcp ");
        assert!(control(&mut field, 'u'));
        assert_eq!(field, Field::default());
        assert!(!control(&mut field, 'c'));
    }

    #[test]
    fn nothing_that_drives_a_terminal_gets_in() {
        let field = Field::of("a\x1b[2J\nb\u{202e}\u{9b}c");
        assert_eq!(field.text(), "a[2Jbc");
        assert_eq!(Field::of(&"x".repeat(9_999)).text().len(), MOST);
    }

    #[test]
    fn what_is_shown_is_around_the_cursor() {
        let mut field = Field::of("0123456789");
        assert_eq!(field.shown(20), ("0123456789", ""));
        assert_eq!(field.shown(5), ("6789", ""));
        press(&mut field, KeyCode::Home);
        assert_eq!(field.shown(5), ("", "0123"));
        press(&mut field, KeyCode::Right);
        assert_eq!(field.shown(3), ("0", "1"));
        assert_eq!(field.shown(0), ("", ""));
    }
}
