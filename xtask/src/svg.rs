//! Writes SVG: everything that goes through here is escaped.

use std::fmt::{self, Display, Write};

/// An attribute's name and value.
pub(crate) type Attribute<'a> = (&'a str, &'a dyn Display);

/// The markup so far.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    markup: String,
}

impl Svg {
    /// Opens an element that [`end`](Self::end) closes.
    pub(crate) fn begin(&mut self, tag: &str, attributes: &[Attribute<'_>]) {
        self.tag(tag, attributes);
        self.markup.push_str(">\n");
    }

    pub(crate) fn end(&mut self, tag: &str) {
        self.put(format_args!("</{tag}>\n"));
    }

    /// An element with nothing in it.
    pub(crate) fn empty(&mut self, tag: &str, attributes: &[Attribute<'_>]) {
        self.tag(tag, attributes);
        self.markup.push_str("/>\n");
    }

    /// An element with text in it.
    pub(crate) fn text(&mut self, tag: &str, attributes: &[Attribute<'_>], text: impl Display) {
        self.tag(tag, attributes);
        self.put(format_args!(">{}</{tag}>\n", Escaped(text)));
    }

    pub(crate) fn finish(self) -> String {
        self.markup
    }

    fn tag(&mut self, tag: &str, attributes: &[Attribute<'_>]) {
        self.put(format_args!("<{tag}"));
        for (name, value) in attributes {
            self.put(format_args!(" {name}=\"{}\"", Escaped(value)));
        }
    }

    fn put(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string fails only where a `Display` does.
        let _ = self.markup.write_fmt(text);
    }
}

/// A place or a length, to a tenth of a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Px(pub(crate) f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

/// Text that means in XML what it says.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            '\n' => self.0.write_char('\n'),
            // XML has no way to say these, or they would turn the text around them.
            _ if c.is_control() || is_stray(c) => self.0.write_char(char::REPLACEMENT_CHARACTER),
            _ => self.0.write_char(c),
        })
    }
}

/// What XML 1.0 forbids beside the control characters, and what sets the direction of text.
fn is_stray(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
