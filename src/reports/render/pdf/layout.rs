//! Where everything stands: pages of pieces, and the tree that says what each piece is. Nothing of a
//! PDF is written here.

use krilla::tagging::TagKind;

use super::{
    super::chart::Picture,
    letters::{Letters, Style, Weight},
};

/// The margins of a page, in points; lines begin at the one at its side.
pub(super) const SIDE: f32 = 48.0;
const TOP: f32 = 62.0;
const BOTTOM: f32 = 56.0;

pub(super) const INK: (u8, u8, u8) = (0x1a, 0x1e, 0x24);
pub(super) const SOFT: (u8, u8, u8) = (0x56, 0x5f, 0x6c);
pub(super) const DEEP: (u8, u8, u8) = (0x1f, 0x4e, 0x79);
pub(super) const BAD: (u8, u8, u8) = (0x8a, 0x1a, 0x15);
pub(super) const RULE: (u8, u8, u8) = (0xd5, 0xd9, 0xdf);

/// A style in short.
pub(super) const fn style(weight: Weight, size: f32, colour: (u8, u8, u8)) -> Style {
    Style { weight, size, colour }
}

/// Something that is drawn.
pub(super) enum Mark {
    /// A line of text, by where its letters stand.
    Text { x: f32, y: f32, style: Style, text: String },
    /// A filled box.
    Box { x: f32, y: f32, width: f32, height: f32, colour: (u8, u8, u8) },
    /// A chart.
    Picture { x: f32, y: f32, width: f32, picture: Picture },
}

/// What a piece is to who cannot see the page.
pub(super) enum Role {
    /// Something that is said: the number of a leaf of the tree.
    Leaf(usize),
    /// The same, and it leads to an address.
    Link(usize, String),
    /// Something that only looks well, or is said elsewhere.
    Ornament,
}

/// What is drawn together.
pub(super) struct Piece {
    pub(super) role: Role,
    pub(super) marks: Vec<Mark>,
}

/// What the pieces are, in the order in which they are read.
pub(super) enum Branch {
    Group(TagKind, Vec<Self>),
    Leaf(usize),
    Link(usize),
}

/// A place that bookmarks lead to.
pub(super) struct Bookmark {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// The pages as they fill.
pub(super) struct Flow<'a> {
    pub(super) letters: &'a Letters,
    /// The paper, in points.
    pub(super) paper: (f32, f32),
    pub(super) pages: Vec<Vec<Piece>>,
    pub(super) bookmarks: Vec<Bookmark>,
    /// How far the last page is filled.
    pub(super) y: f32,
    leaves: usize,
}

impl<'a> Flow<'a> {
    pub(super) fn new(letters: &'a Letters, paper: (f32, f32)) -> Self {
        let pages = vec![Vec::new()];
        Self { letters, paper, pages, bookmarks: Vec::new(), y: TOP, leaves: 0 }
    }

    /// How wide the text is.
    pub(super) fn width(&self) -> f32 {
        self.paper.0 - 2.0 * SIDE
    }

    /// What is left of the page.
    pub(super) fn room(&self) -> f32 {
        self.paper.1 - BOTTOM - self.y
    }

    /// What a fresh page holds.
    pub(super) fn whole(&self) -> f32 {
        self.paper.1 - BOTTOM - TOP
    }

    pub(super) fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Goes to a new page where less than this is left of the last one.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height.min(self.whole()) {
            self.next_page();
        }
    }

    pub(super) fn space(&mut self, height: f32) {
        self.y += height;
    }

    fn put(&mut self, piece: Piece) {
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }

    /// Draws something that is said.
    pub(super) fn say(&mut self, marks: Vec<Mark>) -> Branch {
        let leaf = self.leaves;
        self.leaves += 1;
        self.put(Piece { role: Role::Leaf(leaf), marks });
        Branch::Leaf(leaf)
    }

    /// Draws something that leads to an address.
    pub(super) fn link(&mut self, marks: Vec<Mark>, url: &str) -> Branch {
        let leaf = self.leaves;
        self.leaves += 1;
        self.put(Piece { role: Role::Link(leaf, url.to_owned()), marks });
        Branch::Link(leaf)
    }

    /// Draws what nobody misses who cannot see it.
    pub(super) fn adorn(&mut self, marks: Vec<Mark>) {
        self.put(Piece { role: Role::Ornament, marks });
    }

    /// How many leaves there are.
    pub(super) const fn leaves(&self) -> usize {
        self.leaves
    }

    /// A paragraph, indented by `indent`, over as many pages as it takes.
    pub(super) fn paragraph(&mut self, text: &str, style: Style, indent: f32) -> Vec<Branch> {
        let lines = self.letters.wrapped(text, style, self.width() - indent);
        let mut said = Vec::new();
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            self.need(style.line());
            let fit = lines_in(self.room(), style).clamp(1, rest.len());
            let (now, later) = rest.split_at(fit);
            let left = SIDE + indent;
            let marks = self.lines(now, style, |_| left);
            self.y += style.line() * many(now.len());
            said.push(self.say(marks));
            rest = later;
        }
        said
    }

    /// Lines one under another from where the page is filled to; `x` says where each begins, by its
    /// width.
    pub(super) fn lines(
        &self,
        lines: &[String],
        style: Style,
        x: impl Fn(f32) -> f32,
    ) -> Vec<Mark> {
        let mark = |(n, line): (usize, &String)| Mark::Text {
            x: x(self.letters.width(line, style)),
            y: self.y + style.rise() + style.line() * many(n),
            style,
            // A blank after each line, or the last and the first word of two would be one when copied.
            text: if n + 1 < lines.len() { format!("{line} ") } else { line.clone() },
        };
        lines.iter().enumerate().map(mark).collect()
    }
}

/// How many lines fit.
pub(super) fn lines_in(room: f32, style: Style) -> usize {
    let mut fit = 0;
    while many(fit + 1) * style.line() <= room && fit < 1000 {
        fit += 1;
    }
    fit
}

/// A small number for reckoning with lengths.
pub(super) fn many(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(u16::MAX))
}
