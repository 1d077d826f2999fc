//! The bank's own replies on a post's page: what each amounts to and why, and setting it right.

use axum::{extract::Path, response::Response};

use super::acts;
use crate::{
    domain::{
        ids::DeliveryId,
        reply_class::{ReplyClass, Unrecorded},
    },
    store::{Engagement, PostHistory},
    web::{frame::Words, problem::Problem, visit::Visit},
    work::{reply_classes, story},
};

/// One reply.
pub(super) struct Reply {
    pub(super) id: String,
    pub(super) when: String,
    pub(super) place: Option<usize>,
    pub(super) text: String,
    /// Nothing where it was not read.
    pub(super) class: Option<ReplyClass>,
    pub(super) look: &'static str,
    /// Why it is read so, or who set it right.
    pub(super) why: Vec<String>,
}

impl Reply {
    pub(super) fn is(&self, class: &ReplyClass) -> bool {
        self.class == Some(*class)
    }
}

/// A post's replies, in the order of first sight.
pub(super) fn replies(words: &Words, history: &PostHistory) -> Vec<Reply> {
    let one = |(delivery, reply): &(DeliveryId, Engagement)| {
        let reading = reply.reading.as_ref();
        let class = reading.map(|reading| reading.class);
        Reply {
            id: reply.reply.clone(),
            when: words.at(reply.at.unwrap_or(reply.first_seen_at)),
            place: story::place(history, delivery.as_str()),
            text: reply.text.clone().unwrap_or_else(|| words.t("posts-answer-unkept")),
            look: class.map_or("", look),
            why: why(words, reply),
            class,
        }
    };
    history.replies.iter().map(one).collect()
}

fn why(words: &Words, reply: &Engagement) -> Vec<String> {
    let Some(reading) = &reply.reading else { return vec![words.t("replies-unread")] };
    let Some((who, at)) = &reading.corrected else {
        let reasons = reading.because.iter();
        return reasons.map(|one| super::story::tell(words, &reply_classes::reason(one))).collect();
    };
    let read = reading.read_as.map_or("none", ReplyClass::as_str);
    let read = words.of("replies-class", read);
    vec![
        words.with2("replies-corrected-by", "who", who, "at", words.at(*at)),
        words.with("replies-read-as", "class", read),
    ]
}

const fn look(class: ReplyClass) -> &'static str {
    match class {
        ReplyClass::Claim | ReplyClass::Acknowledgement => "good",
        ReplyClass::Dispute => "bad",
        ReplyClass::Canned | ReplyClass::Other => "",
    }
}

/// What is said of a claim that the case source does not bear out.
pub(super) fn unrecorded(words: &Words, tag: &Unrecorded) -> String {
    let given = [
        ("at", words.at(tag.claimed_at)),
        ("pending", tag.pending.to_string()),
        ("actions", tag.actions.to_string()),
    ];
    words.with_all("replies-claimed-not-recorded", &given)
}

pub(super) async fn reclass(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let by = visit.by(&format!("post reply-class: {}", acts::reason(&visit)?))?;
    let reply = visit.form.filled("reply", "replies-heading")?;
    let class = ReplyClass::parse(visit.form.get("class"));
    let class = class.ok_or(Problem::Told("replies-not-a-class"))?;
    visit.store().correct_class(&by, &desk, (&reference, reply), class).await?;
    visit.done(&format!("/posts/{reference}"), "replies-correct-done", reply).await
}
