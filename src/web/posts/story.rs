//! One post's history as a timeline: the record's entries, and between them what banks answered.

use crate::{
    domain::{
        engagement::{EngagementKind, Voice},
        ids::DeliveryId,
        time::Timestamp,
    },
    store::{Engagement, PostHistory},
    web::frame::Words,
    work::story::{self, Given, Said},
};

/// One thing that happened.
pub(super) struct Item {
    at: Option<Timestamp>,
    /// When, for people and for machines.
    pub(super) when: String,
    pub(super) machine: String,
    /// How it looks.
    pub(super) class: &'static str,
    /// Which of the texts it is about.
    pub(super) place: Option<usize>,
    pub(super) said: String,
    /// Who did it, and on what authority.
    pub(super) by: Option<String>,
    pub(super) on: Option<String>,
    /// Where it stands in the sealed tree; empty: it is no entry.
    pub(super) leaf: String,
    /// The words of an answer.
    pub(super) quote: Option<String>,
}

/// Everything, the oldest first.
pub(super) fn items(
    words: &Words,
    history: &PostHistory,
    answers: &[(DeliveryId, Engagement)],
) -> Vec<Item> {
    let mut items = entries(words, history);
    items.extend(
        answers.iter().map(|(delivery, answer)| answered(words, history, delivery, answer)),
    );
    items.sort_by_key(|item| item.at);
    items
}

fn entries(words: &Words, history: &PostHistory) -> Vec<Item> {
    let mut told: Vec<(Said, usize)> = Vec::new();
    for (n, (_, entry)) in history.entries.iter().enumerate() {
        let said = story::told(entry);
        let before =
            told.last_mut().filter(|(_, first)| history.entries[*first].1.subject == entry.subject);
        if !before.is_some_and(|(before, _)| before.absorb(&said)) {
            told.push((said, n));
        }
    }
    let item = |(said, n): &(Said, usize)| {
        let (leaf, entry) = &history.entries[*n];
        let at = story::at(entry);
        Item {
            at,
            when: words.at_or_none(at),
            machine: at.map(|at| words.machine(at)).unwrap_or_default(),
            class: class_of(&entry.act),
            place: story::place(history, &entry.subject),
            said: tell(words, said),
            by: Some(words.with("posts-by", "who", story::who(entry))),
            on: entry
                .authority
                .as_ref()
                .map(|on| words.with("posts-on", "authority", words.known(on))),
            leaf: leaf.map_or_else(
                || words.t("posts-unsealed"),
                |leaf| words.with("posts-leaf", "leaf", leaf),
            ),
            quote: None,
        }
    };
    told.iter().map(item).collect()
}

fn class_of(act: &str) -> &'static str {
    match act {
        "delivery.uncertain" | "escalation.disputed" | "escalation.rejected" => "bad",
        _ => "",
    }
}

fn answered(
    words: &Words,
    history: &PostHistory,
    delivery: &DeliveryId,
    answer: &Engagement,
) -> Item {
    let at = answer.at.unwrap_or(answer.first_seen_at);
    let voice = words.of("posts-voice", answer.voice);
    let voice = match answer.voice {
        Voice::Bank => format!("{voice} (@{})", answer.author),
        Voice::LookAlike | Voice::Other => voice,
    };
    let key = match answer.kind {
        EngagementKind::Quote => "posts-answer-quote",
        _ => "posts-answer-reply",
    };
    Item {
        at: Some(at),
        when: words.at(at),
        machine: words.machine(at),
        class: if answer.voice == Voice::LookAlike { "bad" } else { "" },
        place: story::place(history, delivery.as_str()),
        said: words.with(key, "voice", voice),
        by: None,
        on: None,
        leaf: String::new(),
        quote: Some(answer.text.clone().unwrap_or_else(|| words.t("posts-answer-unkept"))),
    }
}

/// What an entry says, in the reader's language.
pub(super) fn tell(words: &Words, said: &Said) -> String {
    let given: Vec<_> =
        said.given.iter().map(|(name, given)| (*name, filled(words, given))).collect();
    words.with_all(said.key, &given).trim_end().to_owned()
}

fn filled(words: &Words, given: &Given) -> String {
    match given {
        Given::Text(text) => words.known(text),
        Given::Word(group, word) => words.of(group, word),
        Given::Counts(counts) => {
            let one = |(n, kind, voice): &(u64, EngagementKind, Voice)| {
                let what = words.n(&format!("posts-kind-{kind}"), *n);
                words.with2("posts-came", "what", what, "voice", words.of("posts-voice", voice))
            };
            counts.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}
