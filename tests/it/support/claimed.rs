//! Claimed deliveries by the one lawful way: an escalation that an approver has approved.

use jiff::SignedDuration;
use takaza::{
    destinations::{Destination, Sent},
    domain::{
        canonical::Hash,
        clearance::Clearance,
        delivery::{ClaimedDelivery, Content, Delivery, Lease, Look, Outcome, Picture, State},
        engagement::{Tally, Watched},
        escalation::{Escalation, EscalationKind, EscalationState, Rung},
        facts::FactPack,
        ids::{AccountName, BankCode, DeliveryId, EscalationId, PersonId, Reference},
        money::Paise,
        person::{Person, Role},
        platform::{Language, Platform, Visibility},
        time::Timestamp,
        wording::card,
    },
};

use super::permits::Yes;

/// What a story wants to have claimed; the rest is filled in.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub id: String,
    pub reference: String,
    pub language: Language,
    pub text: String,
    /// How the text writes the bank.
    pub bank_in_text: String,
    /// The stable id that a person verified for the bank.
    pub verified: Option<String>,
    pub spoiler: Option<String>,
    pub retracts: Option<String>,
    /// The bytes of its picture.
    pub picture: Option<Vec<u8>>,
    pub now: Timestamp,
}

impl Wanted {
    /// An English tag with the reference in its text.
    pub fn tag(number: u32, now: Timestamp) -> Self {
        let reference = format!("GGM-T{number:04}");
        let text = format!(
            "@care@peepal.example 4 liens on disputed amounts of at least Rs 12,00,000 pend \
             beyond this unit's limit of 6 hours, as of 24 Nov 11:00. Ref {reference}"
        );
        Self {
            id: format!("0193a5c0-0000-7000-8000-{number:012}"),
            reference,
            language: Language::En,
            text,
            bank_in_text: "Peepal Bank".to_owned(),
            verified: None,
            spoiler: None,
            retracts: None,
            picture: None,
            now,
        }
    }

    /// A deletion of one of our posts.
    pub fn retraction(number: u32, of: &str, now: Timestamp) -> Self {
        Self { retracts: Some(of.to_owned()), ..Self::tag(number, now) }
    }

    pub fn content(&self) -> Content {
        Content {
            account: AccountName::new("unit"),
            platform: Platform::Mastodon,
            language: self.language,
            visibility: Visibility::Public,
            spoiler: self.spoiler.clone(),
            text: self.text.clone(),
            max_length: 500,
            bank_in_text: self.bank_in_text.clone(),
            drafted: None,
            template: Some(Hash::of(b"a template")),
            retracts: self.retracts.clone(),
            picture: self.picture.as_ref().map(|png| Picture {
                png: Hash::of(png),
                alt: format!("Peepal Bank. Pending requests: 4 (in 4 cases). {}", self.reference),
                design: card::design(self.language),
            }),
        }
    }

    /// The delivery, waiting.
    pub fn delivery(&self) -> Delivery {
        Delivery::new(
            DeliveryId::new(&self.id),
            EscalationId::new(format!("escalation-of-{}", self.id)),
            self.kind(),
            BankCode::new("ZPPL"),
            Reference::new(&self.reference),
            self.content(),
            0,
            None,
            State::Waiting { not_before: self.now, why: None },
        )
    }

    /// The delivery, claimed.
    pub fn claim(&self) -> ClaimedDelivery {
        let claimed = claim(self.delivery(), self.clearance(), self.now);
        let claimed = claimed.verified_as(self.verified.clone());
        match &self.picture {
            Some(png) => claimed.with_picture(png.clone()).expect("these are the bytes"),
            None => claimed,
        }
    }

    /// The delivery after an attempt whose end nobody saw.
    pub fn attempted(&self) -> Delivery {
        self.claim().delivery().clone()
    }

    fn kind(&self) -> EscalationKind {
        if self.retracts.is_some() { EscalationKind::Retraction } else { EscalationKind::Tag }
    }

    /// An approver's clearance over exactly this content.
    pub fn clearance(&self) -> Clearance {
        let (now, hour) = (self.now, SignedDuration::from_hours(1));
        let mut escalation = Escalation::new(
            EscalationId::new(format!("escalation-of-{}", self.id)),
            Reference::new(&self.reference),
            BankCode::new("ZPPL"),
            Rung::Tag,
            self.kind(),
            1,
            facts(&self.reference, now),
            vec![self.content()],
            None,
            now,
            now.plus(hour * 24),
            None,
            EscalationState::Held,
        );
        let approver = approver().as_approver(now).expect("the role is in force");
        let seen = escalation.hash();
        escalation.approve(&approver, &seen, now, hour).expect("it is held and unchanged")
    }
}

/// What comes of one attempt that nothing stands against.
pub async fn outcome(destination: &dyn Destination, wanted: &Wanted) -> Outcome {
    match destination.send(&wanted.claim(), &Yes::default()).await {
        Sent::Attempted(outcome) => outcome,
        not_sent => panic!("the permit said yes: {not_sent:?}"),
    }
}

/// Claims a waiting delivery for a minute.
pub fn claim(delivery: Delivery, clearance: Clearance, now: Timestamp) -> ClaimedDelivery {
    let lease = Lease {
        token: format!("claim of {} at {now}", delivery.id),
        holder: "a worker".to_owned(),
        until: now.plus(SignedDuration::from_secs(60)),
    };
    delivery.claim(clearance, lease, now).expect("it waits, and is cleared")
}

fn approver() -> Person {
    Person {
        id: PersonId::new("dcp"),
        name: "The DCP".to_owned(),
        role: Role::Approver,
        order_number: None,
        from: Timestamp::from_micros(0),
        until: None,
        confirmed: true,
    }
}

pub fn facts(reference: &str, now: Timestamp) -> FactPack {
    FactPack {
        bank: BankCode::new("ZPPL"),
        bank_en: "Peepal Bank".to_owned(),
        bank_hi: "पीपल बैंक".to_owned(),
        unit_en: "Cyber Crime Unit".to_owned(),
        unit_hi: "साइबर अपराध इकाई".to_owned(),
        reference: Reference::new(reference),
        as_of: now,
        cases: 4,
        liens: 4,
        holds: 0,
        amount_at_least: Paise::from_rupees(1_200_000),
        limit_hours: 6,
        limit_counted: takaza::domain::calendar::limits::Counted::RoundTheClock,
        overdue_hours_at_least: 12,
        acted: 0,
    }
}

/// The id of what a look found.
pub fn found(look: &Look) -> Option<&str> {
    match look {
        Look::Found(receipt) => Some(&receipt.id),
        _ => None,
    }
}

/// A post that is listened to, of which the ledger has nothing yet.
pub fn watched(post: impl AsRef<str>) -> Watched {
    Watched { post: post.as_ref().to_owned(), bank: None, known: Tally::default() }
}
