//! A real browser without a window, with its keyboard and mouse in the test's
//! hands: headless Chromium, driven by `peers/browser.py`.

use crate::{Program, peer};

/// A page in a browser.
pub struct Browser {
    program: Program,
    answers: usize,
}

impl Browser {
    /// Opens a page and waits until it is loaded.
    ///
    /// # Panics
    /// Where there is no browser, or no such page.
    pub fn open(url: &str) -> Browser {
        let program = Program::start(peer("browser.py").arg(url));
        program.wait_for_lines(1);
        Browser {
            program,
            answers: 1,
        }
    }

    /// Clicks what the CSS selector chooses, once it is there and can be
    /// clicked.
    ///
    /// # Panics
    /// At the deadline.
    pub fn click(&mut self, selector: &str) {
        self.ask(&format!("click {selector}"));
    }

    /// Types a text on the keyboard, where the focus is.
    ///
    /// # Panics
    /// Where the page has gone.
    pub fn type_text(&mut self, text: &str) {
        self.ask(&format!("type {text}"));
    }

    /// Presses one key: `Enter`, `Tab`, `Shift+Tab`.
    ///
    /// # Panics
    /// Where there is no such key.
    pub fn press(&mut self, key: &str) {
        self.ask(&format!("press {key}"));
    }

    /// Waits until one of the elements shows this text, or more than this.
    ///
    /// # Panics
    /// At the deadline.
    pub fn wait_for(&mut self, selector: &str, text: &str) {
        self.ask(&format!("wait {selector} {text}"));
    }

    /// What each of the elements shows, as a JSON list.
    ///
    /// # Panics
    /// Where the page has gone.
    pub fn texts(&mut self, selector: &str) -> String {
        self.ask(&format!("texts {selector}"))
    }

    /// What a screen reader is told of an element: roles and names, as JSON.
    ///
    /// # Panics
    /// Where there is no such element.
    pub fn outline(&mut self, selector: &str) -> String {
        self.ask(&format!("outline {selector}"))
    }

    /// What makes the page hard to use for some people: the rules of axe-core
    /// that it breaks, as a JSON list.
    ///
    /// # Panics
    /// Where the page has gone.
    pub fn barriers(&mut self) -> String {
        self.ask("axe")
    }

    /// The value of a JavaScript expression, as JSON.
    ///
    /// # Panics
    /// Where the expression fails.
    pub fn run(&mut self, expression: &str) -> String {
        self.ask(&format!("run {expression}"))
    }

    /// Gives the window another size, and prefers `light` or `dark` colours.
    ///
    /// # Panics
    /// Where the page has gone.
    pub fn view(&mut self, width: u32, height: u32, scheme: &str) {
        self.ask(&format!("view {width} {height} {scheme}"));
    }

    /// The addresses that the page, and those in its frames, have asked for so
    /// far, as a JSON list.
    ///
    /// # Panics
    /// Where the page has gone.
    pub fn requests(&mut self) -> String {
        self.ask("requests")
    }

    /// The errors of the page's own code so far.
    pub fn errors(&self) -> String {
        self.program.errors()
    }

    fn ask(&mut self, command: &str) -> String {
        self.program.type_line(command);
        self.answers += 1;
        self.program
            .wait_for_lines(self.answers)
            .swap_remove(self.answers - 1)
    }
}
