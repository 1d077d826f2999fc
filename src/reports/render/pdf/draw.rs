//! Writes laid-out pages as a PDF.

use anyhow::{Context as _, anyhow};
use krilla::{
    SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb::Color,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    document::Document as Pdf,
    geom::{Path, PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, Stroke, StrokeDash},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, TagGroup, TagTree},
};

use super::{
    super::{
        chart::{self, Picture, Shape},
        words::Words,
    },
    Paper,
    layout::{Branch, Flow, Mark, Piece, RULE, Role, SIDE, SOFT, style},
    letters::{Letters, Style, Weight},
};

/// What stands at the head and the foot of a page.
const EDGE: Style = style(Weight::Regular, 8.0, SOFT);

/// A leaf's identifiers: of its content, and of the address that it leads to.
type Leaf = (Option<Identifier>, Option<Identifier>);

/// The pages and their tree as a file that keeps to PDF/UA-1, so that who cannot see it has it read out.
pub(super) fn file(
    paper: &Paper<'_>,
    words: &Words,
    flow: Flow<'_>,
    tree: Vec<Branch>,
) -> anyhow::Result<Vec<u8>> {
    let settings = SerializeSettings {
        configuration: ConfigurationBuilder::new()
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map_err(|error| anyhow!("PDF/UA-1: {error:?}"))?,
        ..SerializeSettings::default()
    };
    let mut pdf = Pdf::new_with(settings);
    let edges = Edges::of(paper);
    let draw = Draw { letters: flow.letters };
    let mut leaves: Vec<Leaf> = vec![(None, None); flow.leaves()];
    let of = flow.pages.len();
    for (n, pieces) in flow.pages.iter().enumerate() {
        let (wide, tall) = flow.paper;
        let mut page =
            pdf.start_page_with(PageSettings::from_wh(wide, tall).context("a page without size")?);
        let mut surface = page.surface();
        let number =
            words.with("rendered-page", &[("n", (n + 1).to_string()), ("of", of.to_string())])?;
        edges.draw(&draw, &mut surface, &flow, n, &number);
        let mut links = Vec::new();
        for piece in pieces {
            draw.piece(&mut surface, piece, &mut leaves, &mut links)?;
        }
        surface.finish();
        for (leaf, rect, url) in links {
            let link = LinkAnnotation::new(
                rect,
                Target::Action(Action::Link(LinkAction::new(url.clone()))),
            );
            leaves[leaf].1 =
                Some(page.add_tagged_annotation(Annotation::new_link(link, Some(url))));
        }
        page.finish();
    }
    pdf.set_metadata(metadata(paper));
    pdf.set_outline(outline(&flow));
    let mut tags = TagTree::new().with_lang(Some(paper.language.to_string()));
    for branch in tree {
        nodes(branch, &leaves).into_iter().for_each(|node| tags.push(node));
    }
    pdf.set_tag_tree(tags);
    pdf.finish().map_err(|error| anyhow!("the PDF could not be written: {error:?}"))
}

fn metadata(paper: &Paper<'_>) -> Metadata {
    let at = paper.made_at.in_zone(&jiff::tz::TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    let made = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(paper.title.to_owned())
        .authors(vec![paper.unit.to_owned()])
        .creator("takaza".to_owned())
        .language(paper.language.to_string())
        .creation_date(made)
}

fn outline(flow: &Flow<'_>) -> Outline {
    let mut outline = Outline::new();
    for mark in &flow.bookmarks {
        let place = XyzDestination::new(mark.page, Point::from_xy(SIDE, mark.y));
        outline.push_child(OutlineNode::new(mark.title.clone(), place));
    }
    outline
}

/// The tree with the identifiers of what was drawn.
fn nodes(branch: Branch, leaves: &[Leaf]) -> Vec<Node> {
    match branch {
        Branch::Group(kind, parts) => {
            let parts = parts.into_iter().flat_map(|part| nodes(part, leaves)).collect();
            vec![TagGroup::with_children(kind, parts).into()]
        }
        Branch::Leaf(n) => leaves[n].0.map(Node::from).into_iter().collect(),
        Branch::Link(n) => {
            [leaves[n].0, leaves[n].1].into_iter().flatten().map(Node::from).collect()
        }
    }
}

struct Draw<'a> {
    letters: &'a Letters,
}

impl Draw<'_> {
    fn piece(
        &self,
        surface: &mut Surface<'_>,
        piece: &Piece,
        leaves: &mut [Leaf],
        links: &mut Vec<(usize, Rect, String)>,
    ) -> anyhow::Result<()> {
        let tag = match &piece.role {
            Role::Leaf(_) | Role::Link(..) => ContentTag::Other,
            Role::Ornament => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        };
        let identifier = surface.start_tagged(tag);
        for mark in &piece.marks {
            self.mark(surface, mark)?;
        }
        surface.end_tagged();
        match &piece.role {
            Role::Leaf(leaf) => leaves[*leaf].0 = Some(identifier),
            Role::Link(leaf, url) => {
                leaves[*leaf].0 = Some(identifier);
                let around = around(&piece.marks, self.letters);
                links.extend(around.map(|rect| (*leaf, rect, url.clone())));
            }
            Role::Ornament => {}
        }
        Ok(())
    }

    fn mark(&self, surface: &mut Surface<'_>, mark: &Mark) -> anyhow::Result<()> {
        match mark {
            Mark::Text { x, y, style, text } => self.text(surface, (*x, *y), *style, text),
            Mark::Box { x, y, width, height, colour } => {
                let mut path = PathBuilder::new();
                path.push_rect(
                    Rect::from_xywh(*x, *y, *width, *height).context("a box without size")?,
                );
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path.finish().context("a box without size")?);
            }
            Mark::Picture { x, y, width, picture } => {
                self.picture(surface, (*x, *y), *width, picture)?;
            }
        }
        Ok(())
    }

    fn picture(
        &self,
        surface: &mut Surface<'_>,
        corner: (f32, f32),
        width: f32,
        picture: &Picture,
    ) -> anyhow::Result<()> {
        let scale = width / points(chart::WIDTH);
        let at = |(x, y): (f64, f64)| (corner.0 + points(x) * scale, corner.1 + points(y) * scale);
        for shape in &picture.shapes {
            match shape {
                Shape::Line { class, ends } => {
                    let (colour, width) = chart::pen(class);
                    surface.set_stroke(Some(stroke(colour, points(width) * scale, &[], scale)));
                    draw_line(surface, ends.iter().map(|end| at(*end)));
                }
                Shape::Bar(place, width, height) => {
                    let (x, y) = at(*place);
                    let (width, height) = (points(*width) * scale, points(*height) * scale);
                    let rect = Rect::from_xywh(x, y, width, height).context("a bar")?;
                    let mut path = PathBuilder::new();
                    path.push_rect(rect);
                    surface.set_fill(Some(fill(rgb(chart::BAR))));
                    surface.set_stroke(Some(stroke(chart::EDGE, 0.6, &[], scale)));
                    surface.draw_path(&path.finish().context("a bar")?);
                }
                Shape::Curve(n, corners) => {
                    let (colour, dashes) = chart::curve(*n);
                    surface.set_stroke(Some(stroke(colour, 2.0 * scale, dashes, scale)));
                    draw_line(surface, corners.iter().map(|corner| at(*corner)));
                }
                Shape::Text { at: place, anchor, class, said } => {
                    let size = points(chart::SIZE) * scale;
                    let style = style(Weight::Regular, size, rgb(chart::ink(class)));
                    let said = self.letters.fitting(said);
                    let (x, y) = at(*place);
                    let width = self.letters.width(&said, style);
                    let left = match *anchor {
                        "middle" => width / 2.0,
                        "end" => width,
                        _ => 0.0,
                    };
                    surface.set_stroke(None);
                    // A blank after it, or it would be one word with the next when copied.
                    self.text(surface, (x - left, y), style, &format!("{said} "));
                }
            }
            surface.set_stroke(None);
        }
        Ok(())
    }

    fn text(&self, surface: &mut Surface<'_>, at: (f32, f32), style: Style, text: &str) {
        surface.set_fill(Some(fill(style.colour)));
        let mut x = at.0;
        for run in self.letters.shaped(text, style.weight) {
            let font = self.letters.font(style.weight);
            let start = Point::from_xy(x, at.1);
            surface.draw_glyphs(start, &run.glyphs, font, &run.text, style.size, false);
            x += run.width * style.size;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a page's lengths need no more digits")]
const fn points(length: f64) -> f32 {
    length as f32
}

/// A colour as a chart names it: `#1f4e79`. What is none is black.
fn rgb(colour: &str) -> (u8, u8, u8) {
    let part = |n: usize| colour.get(n..n + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    (part(1).unwrap_or_default(), part(3).unwrap_or_default(), part(5).unwrap_or_default())
}

fn stroke(colour: &str, width: f32, dashes: &[f64], scale: f32) -> Stroke {
    let (red, green, blue) = rgb(colour);
    let array: Vec<f32> = dashes.iter().map(|length| points(*length) * scale).collect();
    let dash = if array.is_empty() { None } else { Some(StrokeDash { array, offset: 0.0 }) };
    let opacity = NormalizedF32::ONE;
    Stroke { paint: Color::new(red, green, blue).into(), width, dash, opacity, ..Stroke::default() }
}

fn draw_line(surface: &mut Surface<'_>, corners: impl Iterator<Item = (f32, f32)>) {
    let mut path = PathBuilder::new();
    for (n, (x, y)) in corners.enumerate() {
        if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    // A line of fewer than two corners is none.
    let path: Option<Path> = path.finish();
    surface.set_fill(None);
    path.iter().for_each(|path| surface.draw_path(path));
}

fn fill(colour: (u8, u8, u8)) -> Fill {
    Fill { paint: Color::new(colour.0, colour.1, colour.2).into(), ..Fill::default() }
}

/// The box around some lines.
fn around(marks: &[Mark], letters: &Letters) -> Option<Rect> {
    let mut edges: Option<[f32; 4]> = None;
    for mark in marks {
        let Mark::Text { x, y, style, text } = mark else { continue };
        let own = [*x, y - style.size, x + letters.width(text, *style), y + style.size * 0.35];
        edges = Some(edges.map_or(own, |[left, top, right, bottom]| {
            [left.min(own[0]), top.min(own[1]), right.max(own[2]), bottom.max(own[3])]
        }));
    }
    let [left, top, right, bottom] = edges?;
    Rect::from_ltrb(left, top, right, bottom)
}

/// What every page says at its edges.
struct Edges {
    what: String,
    under: String,
    foot: String,
}

impl Edges {
    fn of(paper: &Paper<'_>) -> Self {
        Self {
            what: format!("{} · {}", paper.unit, paper.title),
            under: paper.under.clone(),
            foot: paper.fine.clone(),
        }
    }

    fn draw(
        &self,
        draw: &Draw<'_>,
        surface: &mut Surface<'_>,
        flow: &Flow<'_>,
        n: usize,
        number: &str,
    ) {
        let (left, right) = (SIDE, SIDE + flow.width());
        let letters = draw.letters;
        let kind = |kind| ContentTag::Artifact(Artifact::with_kind(kind));
        let at_right = |text: &str| right - letters.width(text, EDGE);
        let line = |surface: &mut Surface<'_>, y: f32| {
            let mark = Mark::Box { x: left, y, width: flow.width(), height: 0.5, colour: RULE };
            // A line's size is never none.
            let _ = draw.mark(surface, &mark);
        };
        if n > 0 {
            surface.start_tagged(kind(ArtifactType::Header));
            let under = letters.fitting(&self.under);
            let room = flow.width() - letters.width(&under, EDGE) - 20.0;
            let what =
                letters.wrapped(&self.what, EDGE, room).into_iter().next().unwrap_or_default();
            draw.text(surface, (left, 36.0), EDGE, &what);
            draw.text(surface, (at_right(&under), 36.0), EDGE, &under);
            line(surface, 43.0);
            surface.end_tagged();
        }
        surface.start_tagged(kind(ArtifactType::Footer));
        let bottom = flow.paper.1 - 30.0;
        line(surface, bottom - 13.0);
        draw.text(surface, (left, bottom), EDGE, &letters.fitting(&self.foot));
        draw.text(surface, (at_right(number), bottom), EDGE, number);
        surface.end_tagged();
    }
}
