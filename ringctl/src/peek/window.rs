//! The newest of what was measured.

use std::collections::VecDeque;

/// However much comes between two lines.
const MOST: usize = 1 << 20;

/// The newest so many, or by default the newest and at least all since they were told last, so that nothing that came
/// goes untold.
#[derive(Debug)]
pub(crate) struct Window<T> {
    newest: VecDeque<T>,
    size: usize,
    is_fixed: bool,
    /// Since they were told last.
    came: usize,
}

impl<T> Window<T> {
    /// Of the size asked for, or the usual one.
    pub(crate) fn new(asked: Option<usize>, usual: usize) -> Window<T> {
        Window {
            newest: VecDeque::new(),
            size: asked.unwrap_or(usual),
            is_fixed: asked.is_some(),
            came: 0,
        }
    }

    pub(crate) fn push(&mut self, one: T) {
        self.came += 1;
        let size = match self.is_fixed {
            true => self.size,
            false => self.size.max(self.came).min(MOST),
        };
        self.newest.push_back(one);
        while self.newest.len() > size {
            self.newest.pop_front();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.newest.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.newest.iter()
    }

    /// They were told now.
    pub(crate) fn told(&mut self) {
        self.came = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(window: &Window<usize>) -> Vec<usize> {
        window.iter().copied().collect()
    }

    #[test]
    fn the_newest_are_held() {
        let mut window = Window::new(Some(3), 100);
        for one in 0..10 {
            window.push(one);
        }
        assert_eq!(held(&window), [7, 8, 9]);
    }

    #[test]
    fn nothing_goes_untold_unless_asked_for() {
        let mut window = Window::new(None, 3);
        for one in 0..10 {
            window.push(one);
        }
        assert_eq!(window.len(), 10, "none was told");
        window.told();
        window.push(10);
        assert_eq!(held(&window), [8, 9, 10]);
        for one in 11..15 {
            window.push(one);
        }
        assert_eq!(held(&window), [10, 11, 12, 13, 14]);
    }

    #[test]
    fn it_never_takes_all_the_memory() {
        let mut window = Window::new(None, 3);
        for one in 0..MOST + 5 {
            window.push(one);
        }
        assert_eq!((window.len(), window.iter().next()), (MOST, Some(&5)));
    }
}
