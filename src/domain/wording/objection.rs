//! A reason against a text, for a person to act on. It points at a place and never repeats what
//! stands there: what stands there may be somebody's number.

use crate::domain::{action::spelled, leak_guard::LeakKind};

spelled! {
    /// Which part of a post.
    Part {
        /// The text itself.
        Text = "text",
        /// The content warning above it.
        Spoiler = "content warning",
    }
}

/// A place in a part, in Unicode scalar values of its NFC form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The part.
    pub part: Part,
    /// The first character.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "characters {} to {} of the {}", self.start + 1, self.end, self.part)
    }
}

/// One reason against a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// There is nothing to say.
    #[error("the text is empty: write one, or reject the escalation")]
    Empty,
    /// The leak guard found an identifier.
    #[error("{span} look like {}: remove them", leak_name(*.kind))]
    Leak {
        /// Of which sort.
        kind: LeakKind,
        /// Where.
        span: Span,
    },
    /// Too few cases.
    #[error(
        "it speaks of {have} distinct cases and may speak of no fewer than {floor}: press the bank in private, or wait for more"
    )]
    TooFewCases {
        /// Distinct cases.
        have: usize,
        /// The floor.
        floor: usize,
    },
    /// One case is most of the amount.
    #[error(
        "one case is more than {percent} % of the total, so the amount would tell about it: press the bank in private, or wait for more"
    )]
    OneCaseDominates {
        /// The most that is allowed.
        percent: u32,
    },
    /// The difference to an earlier text tells about too few cases.
    #[error(
        "set beside an earlier text it would tell about fewer than {floor} cases: leave the same cases in, or wait for more"
    )]
    Isolates {
        /// The floor.
        floor: usize,
    },
    /// The facts do not agree with the actions that they are about.
    #[error("the fact pack does not agree with its own actions: draft the escalation again")]
    FactsDiffer,
    /// The amount is not one that a public text may state.
    #[error("the amount in the fact pack is not rounded down: draft the escalation again")]
    AmountNotRounded,
    /// The age is not the edge of a band.
    #[error("the age in the fact pack is not in a band: draft the escalation again")]
    AgeNotBanded,
    /// A number that the facts do not hold, or not of this.
    #[error(
        "the number at {0} is not in the fact pack, or not as what it is said to count: remove it or write the fact pack's"
    )]
    NumberNotInFacts(Span),
    /// A kind of action that is never named.
    #[error(
        "{span} name a kind of action that is never named in public ({pattern:?}): speak of liens and holds only"
    )]
    UnnamedKind {
        /// The rule's pattern.
        pattern: String,
        /// Where.
        span: Span,
    },
    /// A refused word.
    #[error(
        "{span} are a refused word ({pattern:?}): say that requests are pending beyond this unit's limit, and no more"
    )]
    RefusedWord {
        /// The rule's pattern.
        pattern: String,
        /// Where.
        span: Span,
    },
    /// It implies that money is still there.
    #[error("{0} imply that money still remains, which would warn whoever holds it: remove them")]
    MoneyRemains(Span),
    /// A correction or retraction repeats what it takes back.
    #[error("{0} repeat the accusation that this text takes back: remove them")]
    Accuses(Span),
    /// A URL.
    #[error("the {0} holds a web address or something that a platform would make one: remove it")]
    Url(Part),
    /// A mention of anyone but the bank.
    #[error("{0} mention an account that is not a verified one of this bank: remove the @")]
    Mention(Span),
    /// Too long for the platform, or empty there.
    #[error("it is {length} long by the platform's rule, which allows {max}: shorten it")]
    TooLong {
        /// Its length.
        length: u32,
        /// The most allowed.
        max: u32,
    },
    /// A word of an edit that may be a name.
    #[error(
        "the word at {0} is neither in the drafted text nor in the facts and may be a name: remove it, or have an administrator add it to `allowed_words`"
    )]
    NewName(Span),
    /// It does not carry its reference.
    #[error("it does not carry its reference: add it as the fact pack has it")]
    MissingReference,
    /// It does not say as of when it is true.
    #[error("it does not say as of when it is true: add the time exactly as drafted")]
    MissingAsOf,
    /// A tag that does not name the limit.
    #[error("it does not name this unit's limit in hours: add it")]
    MissingLimit,
    /// A tag or closure without its counts.
    #[error("it names neither the number of cases nor of requests: add one")]
    MissingCounts,
    /// It does not name the bank as it was drafted to.
    #[error("it does not name the bank as drafted: add its name or handle")]
    MissingBank,
    /// The same of what its picture says.
    #[error("of its picture: {0}")]
    InPicture(Box<Objection>),
}

impl Objection {
    /// Where it stands, if it is about a place of the text or its content warning.
    pub const fn span(&self) -> Option<Span> {
        match self {
            Self::Leak { span, .. }
            | Self::UnnamedKind { span, .. }
            | Self::RefusedWord { span, .. }
            | Self::NumberNotInFacts(span)
            | Self::MoneyRemains(span)
            | Self::Accuses(span)
            | Self::Mention(span)
            | Self::NewName(span) => Some(*span),
            _ => None,
        }
    }

    /// A stable name for programs, for the record, and for counting.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Leak { .. } => "leak",
            Self::TooFewCases { .. } => "too-few-cases",
            Self::OneCaseDominates { .. } => "one-case-dominates",
            Self::Isolates { .. } => "isolates",
            Self::FactsDiffer => "facts-differ",
            Self::AmountNotRounded => "amount-not-rounded",
            Self::AgeNotBanded => "age-not-banded",
            Self::NumberNotInFacts(_) => "number-not-in-facts",
            Self::UnnamedKind { .. } => "unnamed-kind",
            Self::RefusedWord { .. } => "refused-word",
            Self::MoneyRemains(_) => "money-remains",
            Self::Accuses(_) => "accuses",
            Self::Url(_) => "url",
            Self::Mention(_) => "mention",
            Self::TooLong { .. } => "too-long",
            Self::NewName(_) => "new-name",
            Self::MissingReference => "missing-reference",
            Self::MissingAsOf => "missing-as-of",
            Self::MissingLimit => "missing-limit",
            Self::MissingCounts => "missing-counts",
            Self::MissingBank => "missing-bank",
            Self::InPicture(inner) => inner.code(),
        }
    }
}

/// The sort of identifier as people say it.
fn leak_name(kind: LeakKind) -> String {
    let name = serde_json::to_value(kind).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str).unwrap_or("identifier");
    format!("an identifier ({})", name.replace('_', " "))
}
