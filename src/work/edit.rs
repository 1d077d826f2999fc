//! A new wording by hand: what would change, and everything that stands against it. It is written
//! only where nothing does; without an answer to *may this be said?* nothing is written.

use super::{Ctx, saying::Grounds};
use crate::{
    domain::{
        delivery::Content,
        wording::{Objection, numbers::same_numbers},
    },
    store::EscalationRow,
};

/// Everything that stands against a new wording.
#[derive(Debug, Clone, Default)]
pub struct Against {
    /// Each reason with the place of its text.
    pub objections: Vec<(usize, Objection)>,
    /// The places of the texts that do not carry the same numbers as the first one.
    pub other_numbers: Vec<usize>,
}

impl Against {
    /// Nothing stands against it.
    pub const fn is_nothing(&self) -> bool {
        self.objections.is_empty() && self.other_numbers.is_empty()
    }

    /// Each reason in a sentence, with the number and the language of its text.
    pub fn lines(&self, contents: &[Content]) -> Vec<String> {
        let objection = |(n, objection): &(usize, Objection)| {
            format!("[{}] {}: {objection}", n + 1, contents[*n].language)
        };
        let other = |n: &usize| {
            format!(
                "[{}] {}: it does not carry the same numbers as [1] {}: change both together",
                n + 1,
                contents[*n].language,
                contents[0].language
            )
        };
        self.objections.iter().map(objection).chain(self.other_numbers.iter().map(other)).collect()
    }
}

/// The contents with some texts in the place of the present ones.
pub fn reworded(
    contents: &[Content],
    texts: impl IntoIterator<Item = (usize, String)>,
) -> Vec<Content> {
    let mut contents = contents.to_vec();
    for (n, text) in texts {
        let Some(content) = contents.get_mut(n).filter(|content| content.text != text) else {
            continue;
        };
        let old = std::mem::replace(&mut content.text, text);
        content.drafted.get_or_insert(old);
        content.template = None;
    }
    contents
}

/// Every reason against the edited texts: the leak guard, lengths, refused words, new facts, and
/// numbers that differ between the languages.
///
/// # Errors
/// The ledger failed.
pub async fn may_be_said(
    ctx: &Ctx,
    row: &EscalationRow,
    contents: &[Content],
) -> anyhow::Result<Against> {
    let members = ctx.store.members(&row.escalation.id).await?;
    let mut edited = row.escalation.clone();
    edited.contents = contents.to_vec();
    let grounds = Grounds::gather(ctx, &edited, &members).await?;
    let objections = grounds.against(&edited, &ctx.config.wording);
    let plain: Vec<String> =
        contents.iter().map(|content| without_names(ctx, row, content)).collect();
    let first = plain.first().map_or("", String::as_str);
    let differs = |(_, other): &(usize, &String)| same_numbers(first, other).is_err();
    let others = plain.iter().enumerate().skip(1).filter(differs);
    let other_numbers = others.map(|(n, _)| n).collect();
    Ok(Against { objections, other_numbers })
}

/// The text without the names that may hold digits of their own and differ from place to place.
fn without_names(ctx: &Ctx, row: &EscalationRow, content: &Content) -> String {
    let (facts, unit) = (&row.escalation.facts, &ctx.config.unit);
    let names = [
        content.bank_in_text.as_str(),
        facts.bank_en.as_str(),
        facts.bank_hi.as_str(),
        facts.unit_en.as_str(),
        facts.unit_hi.as_str(),
        unit.name_en.as_str(),
        unit.name_hi.as_str(),
    ];
    let names = names.into_iter().filter(|name| !name.is_empty());
    names.fold(content.text.clone(), |text, name| text.replace(name, ";"))
}
