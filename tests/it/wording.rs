//! What is said in public: every template as it reads, and every reason for which a text is refused
//! beside a near twin that passes.

use proptest::prelude::*;
use takaza::domain::{
    calendar::limits::Counted,
    canonical::Hash,
    escalation::EscalationKind,
    facts::FactPack,
    ids::{BankCode, Reference},
    leak_guard,
    money::Paise,
    platform::{Language, Platform},
    time::Timestamp,
    wording::{
        Objection, Place, Rendered, Said, Subject, Templates, Variant, WordingError, WordingRules,
        band_floor, lengths, may_be_said, numbers::same_numbers, render, render_all,
    },
};

const CRORE: i64 = 10_000_000;

struct Bank {
    code: String,
    en: String,
    hi: String,
}

fn banks() -> Vec<Bank> {
    let mut rows = csv::Reader::from_path("config/invented_banks.csv").unwrap();
    let banks = rows.records().map(Result::unwrap).map(|row| Bank {
        code: row[0].to_owned(),
        en: row[1].to_owned(),
        hi: row[2].to_owned(),
    });
    banks.collect()
}

fn neem() -> Bank {
    banks().into_iter().find(|bank| bank.en == "Neem Bank").unwrap()
}

/// 10:15 IST on 24 November 2026.
fn as_of() -> Timestamp {
    "2026-11-24T10:15:42+05:30".parse::<jiff::Timestamp>().unwrap().into()
}

/// The facts of some actions, as drafting would make them.
fn facts(bank: &Bank, members: &[(u32, Paise)], holds: u32, overdue: u32) -> FactPack {
    let cases: std::collections::BTreeSet<u32> = members.iter().map(|(case, _)| *case).collect();
    let total: Paise = members.iter().map(|(_, amount)| *amount).sum();
    FactPack {
        bank: BankCode::new(bank.code.clone()),
        bank_en: bank.en.clone(),
        bank_hi: bank.hi.clone(),
        unit_en: "Cyber Crime Police Station, Gurugram".to_owned(),
        unit_hi: "साइबर अपराध थाना, गुरुग्राम".to_owned(),
        reference: Reference::new("GGM-7F3K2"),
        as_of: as_of(),
        cases: cases.len().try_into().unwrap(),
        liens: u32::try_from(members.len()).unwrap() - holds,
        holds,
        amount_at_least: total.rounded_down(),
        limit_hours: 6,
        limit_counted: takaza::domain::calendar::limits::Counted::RoundTheClock,
        overdue_hours_at_least: band_floor(overdue),
        acted: 0,
    }
}

/// Twelve cases with seventeen actions.
fn members() -> Vec<(u32, Paise)> {
    (0..17).map(|n| (n % 12, Paise::from_rupees(41_000 + i64::from(n) * 5_123))).collect()
}

fn huge() -> Vec<(u32, Paise)> {
    (0..9_999).map(|n| (n % 9_876, Paise::from_rupees(CRORE))).collect()
}

fn small() -> Vec<(u32, Paise)> {
    (0..3).map(|n| (n, Paise::from_rupees(310))).collect()
}

fn place(language: Language, platform: Platform, max_length: u32, bank: &str) -> Place {
    Place { language, platform, max_length, spoiler: None, bank_in_text: bank.to_owned() }
}

const PLATFORMS: [(Platform, u32); 9] = [
    (Platform::Sandbox, 500),
    (Platform::Mastodon, 500),
    (Platform::X, 280),
    (Platform::Bluesky, 300),
    (Platform::Facebook, 5_000),
    (Platform::Instagram, 2_200),
    (Platform::Linkedin, 3_000),
    (Platform::Threads, 500),
    (Platform::Telegram, 4_096),
];

fn subject<'a>(
    facts: &'a FactPack,
    kind: EscalationKind,
    about: Option<&'a Reference>,
) -> Subject<'a> {
    Subject { facts, kind, about }
}

/// The codes of the objections to a text, everything but the text being in order.
struct Draft {
    facts: FactPack,
    members: Vec<(u32, Paise)>,
    earlier: Vec<Vec<u32>>,
    place: Place,
    handles: Vec<String>,
    kind: EscalationKind,
    about: Option<Reference>,
    rules: WordingRules,
}

impl Draft {
    fn tag(language: Language) -> Self {
        let members = members();
        Self {
            facts: facts(&neem(), &members, 4, 31),
            place: place(language, Platform::Mastodon, 500, "@neem@banks.example"),
            handles: vec!["neem@banks.example".to_owned()],
            members,
            earlier: Vec::new(),
            kind: EscalationKind::Tag,
            about: None,
            rules: WordingRules::default(),
        }
    }

    fn of(kind: EscalationKind, language: Language) -> Self {
        let about = Some(Reference::new("GGM-2B9QZ"));
        Self { kind, about, ..Self::tag(language) }
    }

    fn text(&self) -> String {
        let templates = Templates::built_in().unwrap();
        let subject = subject(&self.facts, self.kind, self.about.as_ref());
        render(&subject, &self.place, &templates).unwrap().text
    }

    fn objections(&self, text: &str, edited_from: Option<&str>) -> Vec<Objection> {
        let said = Said {
            text,
            place: &self.place,
            facts: &self.facts,
            kind: self.kind,
            about: self.about.as_ref(),
            handles: &self.handles,
            members: &self.members,
            earlier: &self.earlier,
            edited_from,
        };
        may_be_said(&said, &self.rules)
    }

    /// The codes against the drafted text.
    fn codes(&self) -> Vec<&'static str> {
        self.objections(&self.text(), None).iter().map(Objection::code).collect()
    }

    /// The codes against the drafted text with something added, by a person.
    fn codes_with(&self, added: &str) -> Vec<&'static str> {
        let drafted = self.text();
        let edited = format!("{drafted} {added}");
        let mut codes: Vec<_> =
            self.objections(&edited, Some(&drafted)).iter().map(Objection::code).collect();
        codes.dedup();
        codes
    }
}

#[test]
fn every_template_reads_as_approved() {
    let templates = Templates::built_in().unwrap();
    let (bank, about) = (neem(), Reference::new("GGM-2B9QZ"));
    let mut facts = facts(&bank, &members(), 4, 31);
    facts.acted = 11;
    for kind in EscalationKind::ALL {
        let mut page = String::new();
        for language in Language::ALL {
            for variant in Variant::ALL {
                // A place that is as long as exactly this variant, and no longer, selects it.
                let wide = place(*language, Platform::Sandbox, u32::MAX, "@neem");
                let subject = subject(&facts, *kind, Some(&about));
                let text = narrowest(&subject, &wide, *variant, &templates);
                page += &format!("## {language} {variant}\n{text}\n");
                for (platform, max) in PLATFORMS {
                    let length = lengths::length(platform, &text, None);
                    let fits = if lengths::fits(platform, max, &text, None) { "" } else { " ✗" };
                    page += &format!("   {platform} {length}/{max}{fits}\n");
                }
            }
        }
        insta::assert_snapshot!(format!("template_{kind}"), page);
    }
}

/// The text of one variant: the longest variants are pushed out by narrowing the place.
fn narrowest(
    subject: &Subject<'_>,
    wide: &Place,
    variant: Variant,
    templates: &Templates,
) -> String {
    let mut place = wide.clone();
    loop {
        let rendered = render(subject, &place, templates).unwrap();
        if rendered.variant == variant {
            return rendered.text;
        }
        place.max_length = lengths::length(place.platform, &rendered.text, None) - 1;
    }
}

#[test]
fn every_kind_reads_well_on_every_platform_in_both_languages() {
    let templates = Templates::built_in().unwrap();
    let mut page = String::new();
    for kind in EscalationKind::ALL {
        for (platform, max) in PLATFORMS {
            let mut facts = facts(&neem(), &members(), 4, 31);
            facts.acted = if *kind == EscalationKind::Closure { 17 } else { 0 };
            let places = both(&neem(), platform, max);
            let texts = render_all(&subject(&facts, *kind, None), &places, &templates).unwrap();
            for (place, text) in places.iter().zip(texts) {
                page += &format!(
                    "## {kind} {platform} {} {}\n{}\n",
                    place.language, text.variant, text.text
                );
            }
        }
    }
    insta::assert_snapshot!("platforms", page);
}

fn both(bank: &Bank, platform: Platform, max: u32) -> Vec<Place> {
    vec![place(Language::En, platform, max, &bank.en), place(Language::Hi, platform, max, &bank.hi)]
}

#[test]
fn the_clauses_of_facts_that_are_nothing_are_left_out() {
    let templates = Templates::built_in().unwrap();
    let facts = FactPack { limit_counted: Counted::WorkingHours, ..facts(&neem(), &small(), 1, 2) };
    let mut page = String::new();
    for place in both(&neem(), Platform::Telegram, 4_096) {
        let subject = subject(&facts, EscalationKind::Tag, None);
        page += &render(&subject, &place, &templates).unwrap().text;
        page += "\n";
    }
    insta::assert_snapshot!("small_facts", page);
}

/// Everything that goes out for one bank about these actions, on every platform, in both languages,
/// by name and by handle.
fn everything(
    bank: &Bank,
    members: &[(u32, Paise)],
    platforms: &[(Platform, u32)],
    templates: &Templates,
) {
    let about = Reference::new("GGM-2B9QZ");
    let rules = WordingRules::default();
    let handle = format!("{}-24.banks.example", bank.code.to_lowercase());
    for kind in EscalationKind::ALL {
        let mut facts = facts(bank, members, 1, 800);
        facts.acted = if *kind == EscalationKind::Closure { facts.actions() } else { 0 };
        for (platform, max) in platforms.iter().copied() {
            let mut places = both(bank, platform, max);
            for language in Language::ALL {
                places.push(place(*language, platform, max, &format!("@{handle}")));
            }
            let subject = subject(&facts, *kind, Some(&about));
            let texts = render_all(&subject, &places, templates).unwrap();
            for (place, Rendered { text, .. }) in places.iter().zip(&texts) {
                let said = Said {
                    text,
                    place,
                    facts: &facts,
                    kind: *kind,
                    about: Some(&about),
                    handles: std::slice::from_ref(&handle),
                    members,
                    earlier: &[],
                    edited_from: None,
                };
                let against = may_be_said(&said, &rules);
                assert_eq!(against, [], "{platform} {}: {text}", place.language);
            }
        }
    }
}

#[test]
fn what_the_templates_say_of_any_bank_may_be_said() {
    let templates = Templates::built_in().unwrap();
    for bank in banks() {
        for members in [members(), small()] {
            everything(&bank, &members, &PLATFORMS[1..4], &templates);
        }
    }
    everything(&neem(), &huge(), &PLATFORMS, &templates);
}

#[test]
fn both_languages_of_an_escalation_share_a_variant_and_its_numbers() {
    let templates = Templates::built_in().unwrap();
    let facts = facts(&neem(), &members(), 4, 31);
    let subject = subject(&facts, EscalationKind::Tag, None);
    // English alone on X and Hindi alone on Mastodon: one variant for both.
    let places = [
        place(Language::En, Platform::X, 280, "@neem24"),
        place(Language::Hi, Platform::Mastodon, 500, "@neem@banks.example"),
    ];
    let texts = render_all(&subject, &places, &templates).unwrap();
    assert_eq!(texts[0].variant, texts[1].variant);
    // Both on both: each platform takes the longest that fits there.
    let mut places = both(&neem(), Platform::X, 280);
    places.extend(both(&neem(), Platform::Telegram, 4_096));
    let texts = render_all(&subject, &places, &templates).unwrap();
    assert!(texts[0].variant > texts[2].variant, "X has less room");
    for pair in texts.chunks(2) {
        assert_eq!(pair[0].variant, pair[1].variant);
        assert_eq!(same_numbers(&pair[0].text, &pair[1].text), Ok(()));
    }
}

#[test]
fn a_text_that_does_not_fit_is_an_error_and_never_cut() {
    let templates = Templates::built_in().unwrap();
    let facts = facts(&neem(), &members(), 4, 31);
    let place = place(Language::En, Platform::X, 60, "Neem Bank");
    let error =
        render(&subject(&facts, EscalationKind::Tag, None), &place, &templates).unwrap_err();
    assert!(matches!(error, WordingError::TooLong { max: 60, .. }));
}

#[test]
fn the_content_warning_counts_on_mastodon() {
    let templates = Templates::built_in().unwrap();
    let facts = facts(&neem(), &members(), 4, 31);
    let subject = subject(&facts, EscalationKind::Tag, None);
    let mut place = place(Language::En, Platform::Mastodon, 500, "Neem Bank");
    let long = render(&subject, &place, &templates).unwrap();
    place.max_length = lengths::length(place.platform, &long.text, None);
    assert_eq!(render(&subject, &place, &templates).unwrap(), long, "it fits exactly");
    place.spoiler = Some("x".to_owned());
    assert!(render(&subject, &place, &templates).unwrap().variant > long.variant);
}

fn overriding(name: &str, text: &str) -> Result<Templates, WordingError> {
    Templates::with_overrides(&[(name.to_owned(), text.to_owned())].into())
}

#[test]
fn a_wrong_template_is_an_error_at_start() {
    let refused = |text: &str| match overriding("en/tag.short.txt", text) {
        Err(WordingError::Template { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let good = "{{ bank }} {{ cases }} cases {{ actions }} requests, limit {{ limit }}, \
                {{ reference }}, {{ as_of }}";
    assert!(overriding("en/tag.short.txt", good).is_ok());
    assert!(refused(&good.replace("cases }}", "victims }}")).contains("victims"));
    // A branch that is never taken counts too.
    assert!(
        refused(&format!("{good}{{% if not cases %}}{{{{ name }}}}{{% endif %}}")).contains("name")
    );
    refused(&good.replace("{{ bank }}", "{{ bank|upper }}"));
    refused(&good.replace("{{ bank }}", "{{ bank"));
    assert!(refused(&good.replace("{{ reference }}", "")).contains("reference"));
    assert!(refused(&good.replace("{{ as_of }}", "")).contains("as_of"));
    let with_holds = format!("{good} {{{{ holds }}}}");
    assert!(matches!(
        overriding("en/tag.short.txt", &with_holds),
        Err(WordingError::NumbersDiffer { variant: Variant::Short, .. })
    ));
    let error = overriding("en/tag.shrot.txt", good).unwrap_err().to_string();
    assert!(error.contains("en/tag.short.txt"), "{error}");
}

#[test]
fn a_template_is_bound_by_the_hash_of_its_bytes() {
    let good = "{{ bank }} {{ cases }} cases {{ actions }} requests, limit {{ limit }}, \
                {{ reference }}, {{ as_of }}";
    let (own, built_in) =
        (overriding("en/tag.short.txt", good).unwrap(), Templates::built_in().unwrap());
    let hash = |templates: &Templates| {
        templates.hashes().find(|(name, _)| *name == "en/tag.short.txt").unwrap().1
    };
    assert_eq!(hash(&own), Hash::of(good.as_bytes()));
    assert_ne!(hash(&own), hash(&built_in));
    let facts = facts(&neem(), &members(), 4, 31);
    let place = place(Language::En, Platform::X, 150, "Neem Bank");
    let text = render(&subject(&facts, EscalationKind::Tag, None), &place, &own).unwrap();
    assert_eq!(text.template, hash(&own));
}

#[test]
fn too_few_cases() {
    let mut draft = Draft::tag(Language::En);
    let amounts =
        |n: u32| (0..n).map(|case| (case, Paise::from_rupees(90_000))).collect::<Vec<_>>();
    draft.members = amounts(3);
    draft.facts = facts(&neem(), &draft.members, 1, 31);
    assert_eq!(draft.codes(), [""; 0]);
    draft.members = amounts(2);
    draft.facts = facts(&neem(), &draft.members, 1, 31);
    assert_eq!(draft.codes(), ["too-few-cases"]);
    // Three actions of two cases are two cases.
    draft.members.push((1, Paise::new(0)));
    draft.facts = facts(&neem(), &draft.members, 1, 31);
    assert_eq!(draft.codes(), ["too-few-cases"]);
    draft.rules.minimum_cases = 2;
    assert_eq!(draft.codes(), [""; 0]);
}

#[test]
fn one_case_with_more_than_half() {
    let mut draft = Draft::tag(Language::En);
    let amounts = |rupees: [i64; 4]| {
        let cases = [0, 1, 2, 2];
        cases.into_iter().zip(rupees.map(Paise::from_rupees)).collect::<Vec<_>>()
    };
    draft.members = amounts([50_000, 50_000, 60_000, 40_000]);
    draft.facts = facts(&neem(), &draft.members, 1, 31);
    assert_eq!(draft.codes(), [""; 0], "exactly half is allowed");
    draft.members = amounts([50_000, 50_000, 60_000, 40_001]);
    draft.facts = facts(&neem(), &draft.members, 1, 31);
    assert_eq!(draft.codes(), ["one-case-dominates"]);
}

#[test]
fn the_difference_to_an_earlier_text() {
    let mut draft = Draft::tag(Language::En);
    let earlier = |cases: std::ops::Range<u32>| vec![cases.collect::<Vec<_>>()];
    for (cases, told) in [
        (0..12, false),    // the same cases again
        (0..9, false),     // three new ones
        (0..10, true),     // two new ones
        (0..14, true),     // two have gone
        (0..15, false),    // three have gone
        (100..101, false), // nothing in common
        (3..40, false),    // three new ones, many gone
    ] {
        draft.earlier = earlier(cases.clone());
        let expected: &[&str] = if told { &["isolates"] } else { &[] };
        assert_eq!(draft.codes(), expected, "{cases:?}");
    }
}

#[test]
fn a_closure_stands_under_the_same_floor() {
    let mut draft = Draft::of(EscalationKind::Closure, Language::Hi);
    draft.facts.acted = 11;
    assert_eq!(draft.codes(), [""; 0]);
    draft.facts.acted = 2;
    assert_eq!(draft.codes(), ["isolates"]);
    draft.facts.acted = 15;
    assert_eq!(draft.codes(), ["isolates"], "it would tell which two are left");
    draft.rules.floor_for_closures = false;
    assert_eq!(draft.codes(), [""; 0]);
}

#[test]
fn facts_that_do_not_agree_with_their_actions() {
    let with = |change: fn(&mut FactPack)| {
        let mut draft = Draft::tag(Language::En);
        change(&mut draft.facts);
        draft.codes()
    };
    assert_eq!(with(|_| ()), [""; 0]);
    assert_eq!(with(|facts| facts.cases += 1), ["facts-differ"]);
    assert_eq!(with(|facts| facts.amount_at_least = Paise::from_rupees(CRORE)), ["facts-differ"]);
    let rupee_more = |facts: &mut FactPack| {
        facts.amount_at_least = Paise::from_rupees(facts.amount_at_least.rupees() + 1);
    };
    assert!(with(rupee_more).contains(&"amount-not-rounded"));
    assert_eq!(with(|facts| facts.overdue_hours_at_least = 31), ["age-not-banded"]);
}

/// Each pair: what an edit adds, refused; and its near twin, allowed.
fn refused_and_near(language: Language, code: &str, pairs: &[(&str, &str)]) {
    let draft = Draft::tag(language);
    for (refused, near) in pairs {
        let codes = draft.codes_with(refused);
        assert!(codes.contains(&code), "{refused:?} is not refused as {code}: {codes:?}");
        assert_eq!(draft.codes_with(near), [""; 0], "{near:?}");
    }
}

#[test]
fn numbers_beyond_the_facts() {
    let pairs = [
        ("Please act on 13 cases.", "Please act on 12 cases."),
        ("Please act on 17 cases.", "Please act on 17 requests."),
        ("Please act on thirteen cases.", "Please act on twelve cases."),
        ("Limit: 24 minutes.", "Limit: 6 hours."),
        ("The amount: ₹15 lakh.", "The amount: ₹13 lakh."),
        ("The amount: Rs 13,99,999.", "The amount: Rs 13,00,000."),
        ("Report to 1931.", "Report to 1930."),
        ("It is 12 %.", "It is 12 cases."),
        ("Of 12 accounts.", "Of 12 complaints."),
        ("Case १३.", "Cases १२."),
        ("On 23 Nov 2026.", "As of 24 Nov 2026, 10:15 IST."),
        ("See GGM-7F3K22.", "See GGM-7F3K2."),
    ];
    refused_and_near(Language::En, "number-not-in-facts", &pairs);
    let pairs = [
        ("कृपया तेरह मामलों में कार्रवाई करें।", "कृपया बारह मामलों में कार्रवाई करें।"),
        ("राशि ₹1.3 करोड़।", "राशि ₹13 लाख।"),
        ("सीमा 24 दिन।", "सीमा 24 घंटे।"),
    ];
    let draft = Draft::tag(Language::Hi);
    for (refused, near) in pairs {
        assert!(draft.codes_with(refused).contains(&"number-not-in-facts"), "{refused}");
        assert!(!draft.codes_with(near).contains(&"number-not-in-facts"), "{near}");
    }
}

#[test]
fn kinds_that_are_never_named() {
    let pairs = [
        ("Please send the kyc.", "Please send the list."),
        ("Please send K.Y.C. of it.", "Please send it."),
        ("Please send the statement.", "Please state the limit."),
        ("Please send the cc-tv footage.", "Please send the foot note."),
    ];
    refused_and_near(Language::En, "unnamed-kind", &pairs);
    let pairs = [
        ("कृपया केवाईसी भेजें।", "कृपया सूची भेजें।"),
        ("कृपया के.वाई.सी. भेजें।", "कृपया उत्तर भेजें।"),
        ("कृपया सीसीटीवी भेजें।", "कृपया जवाब भेजें।"),
        ("कृपया स्टेटमेंट भेजें।", "कृपया जानकारी भेजें।"),
    ];
    refused_and_near(Language::Hi, "unnamed-kind", &pairs);
}

#[test]
fn words_that_accuse() {
    let pairs = [
        ("You are negligent.", "You are requested to act."),
        ("Please freeze the account.", "Please mark the lien on the disputed amount."),
        ("Please f.r.e.e.z.e it.", "Please f.y.i."),
        ("Please frееze it.", "Please fre it."),
        ("The bank is in default.", "The bank is to reply by post."),
        ("A case of fraud by the bank.", "A case of fraud. By order."),
        ("A fake bank.", "A bank."),
        ("The bank is complicit.", "The bank is to comply."),
        ("#Defaulter", "#Cyber"),
        ("bank ki laparwahi hai", "bank ki suchna hai"),
    ];
    refused_and_near(Language::En, "refused-word", &pairs);
    let pairs = [
        ("बैंक की लापरवाही।", "बैंक की सूची।"),
        ("बैंक की मिलीभगत।", "बैंक की जानकारी।"),
        ("खाता फ़्रीज़ करें।", "लियन अंकित करें।"),
    ];
    refused_and_near(Language::Hi, "refused-word", &pairs);
}

#[test]
fn nothing_implies_that_money_remains() {
    let pairs = [
        ("The amount is still in the account.", "The request is still pending."),
        ("Act before the money leaves.", "Act before your reply."),
        ("The money is available.", "The list is available."),
        ("The disputed amount remains.", "Liens on the disputed amount remain pending."),
    ];
    refused_and_near(Language::En, "money-remains", &pairs);
    let pairs = [
        ("राशि निकलने से पहले कार्रवाई करें।", "राशि पर शीघ्र कार्रवाई करें।"),
        ("राशि अभी भी खाते में है।", "राशि पर लियन अभी भी लंबित है।"),
    ];
    let draft = Draft::tag(Language::Hi);
    for (refused, near) in pairs {
        assert!(draft.codes_with(refused).contains(&"money-remains"), "{refused}");
        let near = draft.codes_with(near);
        assert!(near.is_empty() || near == ["money-remains"], "{near:?}");
    }
}

#[test]
fn web_addresses_and_mentions() {
    let pairs = [
        ("See https://example.org/x.", "See the list."),
        ("See example.org/x.", "See the example."),
        ("See www.example", "See the web."),
    ];
    let mut draft = Draft::tag(Language::En);
    draft.rules.allowed_words = vec!["See".to_owned()];
    for (refused, near) in pairs {
        assert!(draft.codes_with(refused).contains(&"url"), "{refused}");
        assert!(!draft.codes_with(near).contains(&"url"), "{near}");
    }
    let pairs = [
        ("Please, @peepal", "Please, @neem@banks.example"),
        ("Please, @neem", "Please, @neem@banks.example."),
        ("Please, @neem@banks.example.evil", "Please, neem"),
        ("Please, ＠peepal", "Please, peepal"),
    ];
    refused_and_near(Language::En, "mention", &pairs);
    // The drafted text mentions the bank; that is fine only while the handle is a verified one.
    draft.handles.clear();
    assert!(draft.codes().contains(&"mention"));
}

#[test]
fn names_that_an_edit_brings_in() {
    let pairs = [
        ("Please act, Peepal Bank.", "Please act, Neem Bank."),
        ("Call Ramesh.", "Call us."),
        ("The MD is to reply.", "The nodal officer is to reply."),
        ("Please act, रमेश.", "Please act, team."),
    ];
    refused_and_near(Language::En, "new-name", &pairs);
    let pairs = [("कृपया रमेश को सूचित करें।", "कृपया हमें सूचित करें।"), ("पीपल बैंक भी।", "नीम बैंक भी।")];
    refused_and_near(Language::Hi, "new-name", &pairs);
    let mut draft = Draft::tag(Language::En);
    draft.rules.allowed_words = vec!["Haryana".to_owned()];
    assert_eq!(draft.codes_with("Haryana police"), [""; 0]);
}

#[test]
fn what_a_tag_must_always_say() {
    let draft = Draft::tag(Language::En);
    let drafted = draft.text();
    let without = |phrase: &str, instead: &str| {
        assert!(drafted.contains(phrase), "{phrase}");
        let edited = drafted.replace(phrase, instead);
        draft.objections(&edited, Some(&drafted)).iter().map(Objection::code).collect::<Vec<_>>()
    };
    assert_eq!(without(" complete requests", " requests"), [""; 0]);
    assert_eq!(without("GGM-7F3K2", "it"), ["missing-reference"]);
    assert!(without("24 Nov 2026, 10:15 IST", "24 Nov").contains(&"missing-as-of"));
    assert_eq!(without("of 6 hours", ""), ["missing-limit"]);
    assert_eq!(without("@neem@banks.example", "the bank"), ["missing-bank"]);
    let counts = drafted.replace("17 complete requests in 12 cyber fraud cases", "requests");
    let codes: Vec<_> = draft.objections(&counts, None).iter().map(Objection::code).collect();
    assert_eq!(codes, ["missing-counts"]);
    assert_eq!(draft.objections(" ", None)[0].code(), "empty");
}

#[test]
fn a_text_beyond_the_platforms_length() {
    let mut draft = Draft::tag(Language::Hi);
    let text = draft.text();
    draft.place.max_length = lengths::length(draft.place.platform, &text, None);
    assert_eq!(draft.objections(&text, None), []);
    draft.place.max_length -= 1;
    assert_eq!(draft.objections(&text, None)[0].code(), "too-long");
}

#[test]
fn the_content_warning_is_read_too() {
    let mut draft = Draft::tag(Language::En);
    draft.place.spoiler = Some("Cyber police: pending requests".to_owned());
    assert_eq!(draft.codes(), [""; 0]);
    draft.place.spoiler = Some("A negligent bank".to_owned());
    assert_eq!(draft.codes(), ["refused-word"]);
}

#[test]
fn a_correction_does_not_repeat_the_accusation() {
    for language in Language::ALL {
        let mut draft = Draft::of(EscalationKind::Correction, *language);
        draft.members.truncate(1);
        assert_eq!(draft.codes(), [""; 0], "a correction stands under no floor");
        let (repeats, number) = match language {
            Language::En => ("The requests are pending.", "In 12 cases."),
            Language::Hi => ("अनुरोध लंबित हैं।", "12 मामलों में।"),
        };
        assert_eq!(draft.codes_with(repeats), ["accuses"]);
        assert_eq!(draft.codes_with(number), ["number-not-in-facts"]);
    }
}

#[test]
fn a_retraction_publishes_nothing_and_its_note_is_still_read() {
    let draft = Draft::of(EscalationKind::Retraction, Language::En);
    assert_eq!(draft.objections("", None), []);
    assert_eq!(draft.codes(), [""; 0]);
    assert!(draft.codes_with("The bank is complicit.").contains(&"refused-word"));
}

#[test]
fn what_the_leak_guard_finds_is_an_objection_that_quotes_nothing() {
    let draft = Draft::tag(Language::En);
    let text = format!("{} Call 98765 43210.", draft.text());
    let objections = draft.objections(&text, None);
    let leaks = objections.iter().filter(|objection| objection.code() == "leak").count();
    assert_eq!(leaks, leak_guard::findings(&text).len());
    assert!(objections.iter().any(|objection| objection.code() == "number-not-in-facts"));
    for objection in objections {
        let sentence = objection.to_string();
        assert!(!sentence.contains("98765") && !sentence.contains("43210"), "{sentence}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the actions, what the templates make of honest facts carries the same numbers in
    /// both languages, and nothing is said against it but what the cases themselves forbid.
    #[test]
    fn honest_facts_are_never_refused_for_their_wording(
        amounts in prop::collection::vec((0..40_u32, 0..50 * CRORE), 3..80),
        overdue in 0..3_000_u32, limit in 1..200_u32, kind in prop::sample::select(EscalationKind::ALL),
    ) {
        let templates = Templates::built_in().unwrap();
        let members: Vec<_> =
            amounts.into_iter().map(|(case, rupees)| (case, Paise::from_rupees(rupees))).collect();
        let mut facts = facts(&neem(), &members, 2, overdue);
        facts.limit_hours = limit;
        let places = both(&neem(), Platform::Mastodon, 500);
        let texts = render_all(&subject(&facts, kind, None), &places, &templates).unwrap();
        prop_assert_eq!(same_numbers(&texts[0].text, &texts[1].text), Ok(()));
        for (place, text) in places.iter().zip(&texts) {
            let said = Said {
                text: &text.text, place, facts: &facts, kind, about: None, handles: &[],
                members: &members, earlier: &[], edited_from: None,
            };
            for objection in may_be_said(&said, &WordingRules::default()) {
                let by_cases = ["too-few-cases", "one-case-dominates", "isolates"];
                prop_assert!(by_cases.contains(&objection.code()), "{objection}: {}", text.text);
            }
        }
    }
}
