//! Reads what the banks' own replies amount to, tells why, and makes the report's sections of it.
//!
//! The invariants: a reading needs the kept text, so it is made before that is erased; a person's
//! correction teaches nothing by itself and is never overwritten.

use super::{
    Ctx,
    counted::Days,
    report::Asked,
    story::{Given, Said},
};
use crate::{
    domain::reply_class::{self, Because, ReplyClass, classify},
    locale::Locale,
    reports::{
        document::{Edition, Section, Subject},
        figures::Figures,
        replies,
    },
};

/// Replies that are read in one transaction.
const AT_ONCE: u32 = 200;
/// Earlier replies of the bank that one is compared with.
const EARLIER: u32 = 200;

/// Reads every reply that this version has not read. Called whenever replies were heard; after an
/// upgrade it reads the kept ones anew.
///
/// # Errors
/// The ledger failed.
pub async fn read_new(ctx: &Ctx) -> anyhow::Result<()> {
    loop {
        let replies = ctx.store.unclassed(reply_class::METHOD, AT_ONCE).await?;
        let more = replies.len() == AT_ONCE as usize;
        let mut read = Vec::with_capacity(replies.len());
        for reply in replies {
            let earlier = ctx.store.said_before(&reply, EARLIER).await?;
            let classed = classify(&reply.text, &reply.reference, &earlier);
            read.push((reply, classed));
        }
        if !read.is_empty() {
            ctx.store.keep_classes(reply_class::METHOD, &read).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// A reason, as a message for people.
pub fn reason(because: &Because) -> Said {
    let text = |text: &str| Given::Text(text.to_owned());
    let (key, given) = match because {
        Because::Phrase { class, phrase } => {
            let class = Given::Word("replies-class", class.to_string());
            ("replies-because-phrase", vec![("class", class), ("phrase", text(phrase))])
        }
        Because::NotClaimed { phrase, against } if against == "?" => {
            ("replies-because-asked", vec![("phrase", text(phrase))])
        }
        Because::NotClaimed { phrase, against } => (
            "replies-because-not-claimed",
            vec![("phrase", text(phrase)), ("against", text(against))],
        ),
        Because::OurReference => ("replies-because-our-reference", Vec::new()),
        Because::ItsReference => ("replies-because-its-reference", Vec::new()),
        Because::SaidBefore { posts, reply, percent } => {
            let number = |n: &u32| Given::Text(n.to_string());
            let given = vec![
                ("posts", number(posts)),
                ("reply", text(reply)),
                ("percent", number(percent)),
            ];
            ("replies-because-said-before", given)
        }
        Because::Nothing => ("replies-because-nothing", Vec::new()),
    };
    Said { key, given }
}

/// What a correction's entry says.
pub(super) fn told(body: &serde_json::Value) -> Said {
    let word = |field: &str| {
        let class = body[field].as_str().and_then(ReplyClass::parse);
        Given::Word("replies-class", class.map_or_else(|| "none".to_owned(), |c| c.to_string()))
    };
    let reply = Given::Text(body["reply"].as_str().unwrap_or_default().to_owned());
    let given = vec![("reply", reply), ("from", word("from")), ("to", word("to"))];
    Said { key: "replies-told-corrected", given }
}

/// The report's sections about replies: of the unit's own edition about engagement, and of no
/// other, for nothing of it was ever public.
///
/// # Errors
/// The ledger failed, or a message is missing.
pub(super) async fn sections(
    ctx: &Ctx,
    asked: &Asked,
    figures: &Figures,
    days: Days,
) -> anyhow::Result<Vec<Section>> {
    if asked.edition != Edition::Unit || asked.subject != Subject::Engagement {
        return Ok(Vec::new());
    }
    let words = Locale::new(asked.language)?;
    let (span, bank) = ((days.from, days.until), asked.bank.as_ref());
    let unrecorded = ctx.store.claimed_not_recorded(span, bank, None).await?;
    Ok(vec![
        replies::claimed_not_recorded(&words, &ctx.banks, &unrecorded)?,
        replies::reply_classes(&words, figures)?,
    ])
}
