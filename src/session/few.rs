//! A list that mostly has one element, which then needs no memory of its own.

use std::ops::Deref;
use std::ops::DerefMut;

/// A list of a few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(List<T>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum List<T> {
    None,
    One(T),
    #[expect(
        clippy::box_collection,
        reason = "it is seldom, and shall not make the one larger"
    )]
    Many(Box<Vec<T>>),
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(List::None)
    }
}

impl<T> Few<T> {
    /// Appends one.
    pub(crate) fn push(&mut self, new: T) {
        self.0 = match std::mem::replace(&mut self.0, List::None) {
            List::None => List::One(new),
            List::One(first) => List::Many(Box::new(vec![first, new])),
            List::Many(mut list) => {
                list.push(new);
                List::Many(list)
            }
        };
    }

    /// Takes the first one out.
    pub(crate) fn pop_first(&mut self) {
        match &mut self.0 {
            List::Many(list) if !list.is_empty() => {
                list.remove(0);
            }
            _ => self.0 = List::None,
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            List::None => &[],
            List::One(one) => std::slice::from_ref(one),
            List::Many(list) => list,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            List::None => &mut [],
            List::One(one) => std::slice::from_mut(one),
            List::Many(list) => list,
        }
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Few<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_in_the_order_in_which_they_came() {
        let mut few = Few::default();
        assert!(few.is_empty());
        for number in 1..=3 {
            few.push(number);
            assert_eq!(few.last(), Some(&number));
        }
        assert_eq!(*few, [1, 2, 3]);
        few.pop_first();
        assert_eq!(*few, [2, 3]);
    }

    #[test]
    fn the_first_of_one_leaves_none() {
        let mut few = Few::default();
        few.push('a');
        few.pop_first();
        assert!(few.is_empty());
    }
}
