//! The pages that a person opens. Everything said in the square goes through the template's own
//! escaping; nothing here builds HTML by hand.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{Account, Post, Role, Square, State, characters};
use crate::domain::time::Timestamp;

/// The style sheet.
pub const STYLE: &str = include_str!("square.css");
/// The script that refreshes a page in place.
pub const SCRIPT: &str = include_str!("square.js");
/// The console's own Devanagari letters, for machines that have none.
pub const LETTERS: &[u8] = include_bytes!("../../web/assets/noto-sans-devanagari.woff2");
/// Posts on a page.
const A_PAGE: usize = 20;
/// Answers shown under a post in a list; the post's own page shows all.
const ANSWERS: usize = 3;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, text) in [
        ("page.html", include_str!("page.html")),
        ("post.html", include_str!("post.html")),
        ("people.html", include_str!("people.html")),
    ] {
        pages.add_template(name, text).expect("the templates are compiled in, and tests draw them");
    }
    pages
});

#[derive(Serialize)]
struct Person<'a> {
    handle: &'a str,
    name: &'a str,
    bio: &'a str,
    role: Role,
    verified: bool,
    initial: char,
    hue: usize,
}

#[derive(Serialize)]
struct Piece<'a> {
    text: &'a str,
    /// The handle that it mentions.
    mention: Option<&'a str>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: u64,
    by: Person<'a>,
    ago: String,
    time: String,
    lang: &'static str,
    pieces: Vec<Piece<'a>>,
    spoiler: Option<&'a str>,
    /// What its picture says, where it has one.
    picture: Option<&'a str>,
    deleted: bool,
    quotes: Option<Quoted<'a>>,
    likes: usize,
    reposts: usize,
    quoted: usize,
    replies: usize,
    answers: Vec<Shown<'a>>,
    /// Answers that are not shown here.
    more: usize,
}

#[derive(Serialize)]
struct Quoted<'a> {
    handle: &'a str,
    name: &'a str,
    id: u64,
    text: String,
}

/// Everything that a page shows.
#[derive(Serialize)]
struct Sheet<'a> {
    title: &'a str,
    /// The account whose page it is.
    of: Option<Person<'a>>,
    posts: &'a [Shown<'a>],
    /// Where older posts begin.
    older: Option<u64>,
    people: &'a [Person<'a>],
    unit: Person<'a>,
    clock: String,
    count: Counts,
}

#[derive(Serialize)]
struct Counts {
    posts: usize,
    deleted: usize,
    banks: usize,
    citizens: usize,
    impostors: usize,
}

/// All posts but answers, newest first.
pub fn front(square: &Square, before: Option<u64>) -> anyhow::Result<Option<String>> {
    let now = (square.now)();
    square.read(|state| {
        let posts = state.posts.values().rev().filter(|post| post.reply_to.is_none());
        list(state, posts, before, now, "The square", None).map(Some)
    })
}

/// One account and what it said.
pub fn profile(
    square: &Square,
    handle: &str,
    before: Option<u64>,
) -> anyhow::Result<Option<String>> {
    let now = (square.now)();
    square.read(|state| {
        let Some(account) = state.by_handle(handle) else { return Ok(None) };
        let posts = state.posts.values().rev().filter(|post| post.author == account.id);
        list(state, posts, before, now, &account.name, Some(account)).map(Some)
    })
}

/// One post with all its answers.
pub fn permalink(square: &Square, handle: &str, id: u64) -> anyhow::Result<Option<String>> {
    let now = (square.now)();
    square.read(|state| {
        let Some(post) = state.posts.get(&id) else { return Ok(None) };
        let by = state.by_id(&post.author);
        if by.is_none_or(|by| by.handle != handle) {
            return Ok(None);
        }
        let shown = state.show(post, now, usize::MAX);
        draw(state, now, "A post", None, &[shown], None, &[]).map(Some)
    })
}

/// Every account of the square.
pub fn everyone(square: &Square) -> anyhow::Result<Option<String>> {
    let now = (square.now)();
    square.read(|state| {
        let people: Vec<_> =
            state.accounts.iter().filter(|one| one.verified()).map(person).collect();
        draw(state, now, "Accounts", None, &[], None, &people).map(Some)
    })
}

fn list<'a>(
    state: &'a State,
    posts: impl Iterator<Item = &'a Post>,
    before: Option<u64>,
    now: Timestamp,
    title: &str,
    of: Option<&'a Account>,
) -> anyhow::Result<String> {
    let mut posts = posts.filter(|post| before.is_none_or(|before| post.id < before));
    let answers = if of.is_some() { 0 } else { ANSWERS };
    let shown: Vec<_> =
        posts.by_ref().take(A_PAGE).map(|post| state.show(post, now, answers)).collect();
    let older = posts.next().and(shown.last().map(|post| post.id));
    draw(state, now, title, of.map(person), &shown, older, &[])
}

fn draw(
    state: &State,
    now: Timestamp,
    title: &str,
    of: Option<Person<'_>>,
    posts: &[Shown<'_>],
    older: Option<u64>,
    people: &[Person<'_>],
) -> anyhow::Result<String> {
    let unit = state.unit();
    let ours = || state.posts.values().filter(|post| post.author == unit.id);
    let answered = |role| {
        let spoke = |notice: &&super::Notice| {
            notice.as_post.is_some() && state.by_id(&notice.by).is_some_and(|by| by.role == role)
        };
        state.notices.iter().filter(spoke).count()
    };
    let page = PAGES.get_template("page.html")?;
    let count = Counts {
        posts: ours().filter(|post| post.deleted_at.is_none()).count(),
        deleted: ours().filter(|post| post.deleted_at.is_some()).count(),
        banks: answered(Role::Bank),
        citizens: answered(Role::Citizen),
        impostors: answered(Role::Impostor),
    };
    let (unit, clock) = (person(unit), clock(now));
    let sheet = Sheet { title, of, posts, older, people, unit, clock, count };
    Ok(page.render(Serde(&sheet))?)
}

fn person(account: &Account) -> Person<'_> {
    Person {
        handle: &account.handle,
        name: &account.name,
        bio: &account.bio,
        role: account.role,
        verified: account.verified(),
        initial: account.name.chars().next().unwrap_or('?'),
        hue: account.id.bytes().map(usize::from).sum::<usize>() % 6,
    }
}

impl State {
    fn show<'a>(&'a self, post: &'a Post, now: Timestamp, answers: usize) -> Shown<'a> {
        let by = person(self.by_id(&post.author).unwrap_or_else(|| self.unit()));
        let later = || self.posts.range(post.id..).map(|(_, other)| other);
        let replies: Vec<_> = later().filter(|other| other.reply_to == Some(post.id)).collect();
        // A bank's own answer comes first: that is what one looks for.
        let mut first = replies.clone();
        first.sort_by_key(|reply| (self.rank(reply), reply.at));
        first.truncate(answers);
        Shown {
            id: post.id,
            by,
            ago: ago(now, post.at),
            time: clock(post.at),
            lang: if characters::has_devanagari(&post.text) { "hi" } else { "en" },
            pieces: self.pieces(&post.text),
            spoiler: post.spoiler.as_deref(),
            picture: post.picture.as_ref().map(|picture| picture.alt.as_str()),
            deleted: post.deleted_at.is_some(),
            quotes: post
                .quotes
                .or(post.reply_to.filter(|_| answers == 0))
                .and_then(|id| self.quoted(id)),
            likes: post.likes.len(),
            reposts: post.reposts.len(),
            quoted: later().filter(|other| other.quotes == Some(post.id)).count(),
            replies: replies.len(),
            more: replies.len() - first.len(),
            answers: first.into_iter().map(|reply| self.show(reply, now, ANSWERS)).collect(),
        }
    }

    fn rank(&self, post: &Post) -> u8 {
        match self.by_id(&post.author).map(|by| by.role) {
            Some(Role::Bank) => 0,
            Some(Role::Impostor) => 1,
            _ => 2,
        }
    }

    fn quoted(&self, id: u64) -> Option<Quoted<'_>> {
        let post = self.posts.get(&id)?;
        let by = self.by_id(&post.author)?;
        let mut text: String = post.text.chars().take(140).collect();
        if text.len() < post.text.len() {
            text.push('…');
        }
        Some(Quoted { handle: &by.handle, name: &by.name, id, text })
    }

    /// Cuts a text at the mentions of accounts that exist.
    fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for (at, _) in text.match_indices('@') {
            let tail = &text[at + 1..];
            let in_handle = |sign: char| sign.is_alphanumeric() || sign == '_';
            let end = tail.find(|sign| !in_handle(sign)).unwrap_or(tail.len());
            if at >= from && self.by_handle(&tail[..end]).is_some() {
                pieces.push(Piece { text: &text[from..at], mention: None });
                let to = at + 1 + end;
                pieces.push(Piece { text: &text[at..to], mention: Some(&tail[..end]) });
                from = to;
            }
        }
        pieces.push(Piece { text: &text[from..], mention: None });
        pieces
    }
}

/// Indian time, as the people of the square read it.
fn clock(at: Timestamp) -> String {
    // The zone is compiled in; UTC would only show if a build left it out.
    let zone = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    at.in_zone(&zone).strftime("%-d %b %Y, %H:%M").to_string()
}

fn ago(now: Timestamp, at: Timestamp) -> String {
    match now.since(at).as_secs() / 60 {
        ..1 => "now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes @ 60..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1440),
    }
}
