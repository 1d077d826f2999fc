//! Each post as its platform will show it: by whom, the exact words, how long they are there, what
//! is a mention, and what it costs.

use crate::{
    domain::{
        delivery::{Content, State, StateName},
        ids::AccountName,
        money::Paise,
        platform::{Platform, Sender},
        wording::lengths,
    },
    store::{AccountRow, DeliveryRow, EscalationRow},
    work::bill::{Bill, Cost},
};

/// The posts of one account: its languages stand side by side.
pub(super) struct Account<'a> {
    pub(super) name: &'a AccountName,
    pub(super) platform: Platform,
    /// As the platform writes it.
    pub(super) handle: String,
    pub(super) live: bool,
    pub(super) by_hand: bool,
    pub(super) posts: Vec<Post<'a>>,
}

/// One post.
pub(super) struct Post<'a> {
    pub(super) content: &'a Content,
    pub(super) state: StateName,
    /// The text, piece by piece; `true`: a mention.
    pub(super) pieces: Vec<(bool, &'a str)>,
    /// It mentions the bank's verified handle; otherwise it names the bank.
    pub(super) mention: bool,
    pub(super) length: u32,
    pub(super) cost: Option<Cost>,
    /// What it waits for, in the reader's language.
    pub(super) waits: Option<String>,
    /// Why it will not go out, or is uncertain.
    pub(super) why: Option<&'a str>,
    pub(super) permalink: Option<&'a str>,
}

impl Post<'_> {
    /// The room that is left, where it is short.
    pub(super) const fn tight(&self) -> bool {
        self.length.saturating_mul(10) > self.content.max_length.saturating_mul(9)
    }
}

/// Every post of an escalation, account by account.
pub(super) fn accounts<'a>(
    row: &'a EscalationRow,
    known: &'a [AccountRow],
    bill: &Bill,
    waits: impl Fn(&DeliveryRow) -> Option<String>,
) -> Vec<Account<'a>> {
    let mut accounts: Vec<Account<'a>> = Vec::new();
    for one in &row.deliveries {
        let content = &one.delivery.content;
        let post = post(one, bill.of(&one.delivery.id), waits(one));
        match accounts.iter_mut().find(|account| *account.name == content.account) {
            Some(account) => account.posts.push(post),
            None => accounts.push(account(one, known, post)),
        }
    }
    accounts
}

fn account<'a>(one: &'a DeliveryRow, known: &[AccountRow], post: Post<'a>) -> Account<'a> {
    let content = &one.delivery.content;
    let row = known.iter().find(|row| row.account.name == content.account);
    Account {
        name: &content.account,
        platform: content.platform,
        handle: row.map_or_else(|| content.account.to_string(), handle),
        live: row.is_some_and(|row| row.account.live),
        by_hand: one.sender == Sender::HandOff,
        posts: vec![post],
    }
}

/// `@unit@server.example` on Mastodon, `@unit` elsewhere.
fn handle(row: &AccountRow) -> String {
    let handle = &row.account.handle;
    let server = row.account.base_url.split("://").nth(1).unwrap_or_default();
    let server = server.split(['/', ':']).next().unwrap_or_default();
    if row.account.platform == Platform::Mastodon && !server.is_empty() && !handle.contains('@') {
        format!("@{handle}@{server}")
    } else {
        format!("@{handle}")
    }
}

fn post(one: &DeliveryRow, cost: Option<Cost>, waits: Option<String>) -> Post<'_> {
    let content = &one.delivery.content;
    let permalink = match one.delivery.state() {
        State::Delivered(receipt) | State::Retracted(receipt) => Some(receipt.permalink.as_str()),
        _ => None,
    };
    let why = match one.delivery.state() {
        State::Uncertain(doubt) => Some(doubt.why.as_str()),
        State::Withdrawn { why } | State::Refused { why } => Some(why.as_str()),
        _ => None,
    };
    Post {
        pieces: pieces(content),
        mention: content.bank_in_text.starts_with('@'),
        length: lengths::length(content.platform, &content.text, content.spoiler.as_deref()),
        state: one.delivery.name(),
        content,
        cost,
        waits,
        why,
        permalink,
    }
}

fn pieces(content: &Content) -> Vec<(bool, &str)> {
    let handle = content.bank_in_text.as_str();
    if !handle.starts_with('@') {
        return vec![(false, &content.text)];
    }
    let mut pieces = Vec::new();
    for (n, plain) in content.text.split(handle).enumerate() {
        if n > 0 {
            pieces.push((true, handle));
        }
        pieces.push((false, plain));
    }
    pieces
}

/// The sum of some escalations' money at risk.
pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a EscalationRow>) -> Paise {
    rows.map(|row| row.escalation.facts.amount_at_least).sum()
}
