//! From facts to a held escalation: the exact contents for every place, and everything that stands
//! against them. Pure, and shared by whoever drafts, sends or rehearses.

use std::collections::BTreeMap;

use super::{
    canonical::Hash,
    delivery::{Content, Picture},
    escalation::{Escalation, EscalationKind, EscalationState, Rung},
    facts::FactPack,
    ids::{AccountName, CaseRef, EscalationId, Reference},
    ladder::{LadderRules, Quiet},
    money::Paise,
    platform::{Account, Language, Platform},
    time::Timestamp,
    wording::{
        self, Objection, Place, Rendered, Said, Subject, Templates, WordingRules, against_cases,
        card::{self, Card},
        may_be_said,
    },
};

/// What a text is about, beside its facts.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What it says.
    pub kind: EscalationKind,
    /// The escalation that it is about, and that one's reference.
    pub about: Option<(&'a EscalationId, &'a Reference)>,
}

/// The contents of an escalation, one for each place.
///
/// # Errors
/// There is no place, or no wording for one of them.
pub fn contents(
    facts: &FactPack,
    about: &About<'_>,
    places: Vec<(&Account, Place)>,
    templates: &Templates,
) -> Result<Vec<Content>, Quiet> {
    if places.is_empty() {
        let detail = "no account is connected (`takaza account add`)".to_owned();
        return Err(Quiet::Wording { detail });
    }
    let reference = about.about.map(|(_, reference)| reference);
    let subject = Subject { facts, kind: about.kind, about: reference };
    let only: Vec<Place> = places.iter().map(|(_, place)| place.clone()).collect();
    let texts = wording::render_all(&subject, &only, templates)
        .map_err(|error| Quiet::Wording { detail: error.to_string() })?;
    let places = places.into_iter().zip(texts);
    Ok(places.map(|((account, place), text)| content(account, place, text)).collect())
}

fn content(account: &Account, place: Place, text: Rendered) -> Content {
    Content {
        account: account.name.clone(),
        platform: account.platform,
        language: place.language,
        visibility: account.visibility,
        spoiler: place.spoiler,
        text: text.text,
        max_length: place.max_length,
        bank_in_text: place.bank_in_text,
        template: Some(text.template),
        drafted: None,
        retracts: None,
        picture: None,
    }
}

/// A held escalation over these contents.
pub fn held(
    id: EscalationId,
    facts: FactPack,
    contents: Vec<Content>,
    about: &About<'_>,
    ladder: &LadderRules,
    now: Timestamp,
) -> Escalation {
    Escalation::new(
        id,
        facts.reference.clone(),
        facts.bank.clone(),
        Rung::Tag,
        about.kind,
        1,
        facts,
        contents,
        None,
        now,
        now.plus(ladder.expires_after),
        about.about.map(|(id, _)| id.clone()),
        EscalationState::Held,
    )
}

/// Gives a picture to each text whose account shows them. `draw` keeps the bytes of a card and tells
/// their hash; where it tells none, the text stands alone. One language's texts share one picture.
pub fn illustrate(
    escalation: &mut Escalation,
    shows: impl Fn(&AccountName) -> bool,
    mut draw: impl FnMut(&Card) -> Option<Hash>,
) {
    let (facts, kind) = (&escalation.facts, escalation.kind);
    let mut pictures: BTreeMap<Language, Option<Picture>> = BTreeMap::new();
    for content in escalation.contents.iter_mut().filter(|content| shows(&content.account)) {
        let language = content.language;
        let picture = pictures.entry(language).or_insert_with(|| {
            let card = card::card(facts, kind, language)?;
            let png = draw(&card)?;
            Some(Picture { png, alt: card.alt(language), design: card::design(language) })
        });
        content.picture.clone_from(picture);
    }
}

/// What one escalation's texts are judged by, beside the rules.
#[derive(Debug, Clone, Default)]
pub struct Grounds {
    /// The reference of the post that it is about.
    pub about: Option<Reference>,
    /// The case and amount of each action that the texts speak of.
    pub members: Vec<(CaseRef, Paise)>,
    /// The cases of each earlier text about the bank.
    pub earlier: Vec<Vec<CaseRef>>,
}

impl Grounds {
    /// Every reason against an escalation's texts, each with the place of its text.
    pub fn against(
        &self,
        escalation: &Escalation,
        rules: &WordingRules,
    ) -> Vec<(usize, Objection)> {
        let texts = escalation.contents.iter().enumerate();
        texts
            .flat_map(|(n, content)| {
                let against = self.against_one(escalation, content, rules);
                against.into_iter().map(move |objection| (n, objection))
            })
            .collect()
    }

    /// Whether the cases alone stand against any text of this kind about these facts. If so, so does
    /// [`Grounds::against`], which reads each text too.
    pub fn cases_stand_against(
        &self,
        kind: EscalationKind,
        facts: &FactPack,
        rules: &WordingRules,
    ) -> bool {
        !against_cases(kind, facts, &self.members, &self.earlier, rules).is_empty()
    }

    fn against_one(
        &self,
        escalation: &Escalation,
        content: &Content,
        rules: &WordingRules,
    ) -> Vec<Objection> {
        let place = place(content);
        let handles: Vec<String> =
            place.bank_in_text.strip_prefix('@').map(str::to_owned).into_iter().collect();
        let said = Said {
            text: &content.text,
            place: &place,
            facts: &escalation.facts,
            kind: escalation.kind,
            about: self.about.as_ref(),
            handles: &handles,
            members: &self.members,
            earlier: &self.earlier,
            edited_from: content.drafted.as_deref(),
        };
        let mut against = may_be_said(&said, rules);
        if let Some(picture) = &content.picture {
            let place = picture_place(content.language, &escalation.facts);
            let drawn =
                Said { text: &picture.alt, place: &place, handles: &[], edited_from: None, ..said };
            let in_picture = may_be_said(&drawn, rules).into_iter();
            against.extend(in_picture.map(|one| Objection::InPicture(Box::new(one))));
        }
        against
    }
}

/// A picture as a place of words: it mentions nobody, and its alternative text fits everywhere.
fn picture_place(language: Language, facts: &FactPack) -> Place {
    let bank = match language {
        Language::En => &facts.bank_en,
        Language::Hi => &facts.bank_hi,
    };
    Place {
        language,
        platform: Platform::Mastodon,
        max_length: card::LONGEST_ALT,
        spoiler: None,
        bank_in_text: bank.clone(),
    }
}

fn place(content: &Content) -> Place {
    Place {
        language: content.language,
        platform: content.platform,
        max_length: content.max_length,
        spoiler: content.spoiler.clone(),
        bank_in_text: content.bank_in_text.clone(),
    }
}
