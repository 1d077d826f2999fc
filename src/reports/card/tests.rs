use super::*;
use crate::domain::{
    calendar::limits::Counted, escalation::EscalationKind, facts::FactPack, money::Paise,
    platform::Language, wording::card::card,
};

fn facts() -> FactPack {
    FactPack {
        unit_en: "Cyber Crime Police, Sample City".to_owned(),
        unit_hi: "साइबर अपराध पुलिस, नमूना नगर".to_owned(),
        ..FactPack::sample()
    }
}

/// The hardest facts for a layout: long names, large numbers, a single figure.
fn hard() -> Vec<(&'static str, FactPack)> {
    let long = FactPack {
        bank_en:
            "The Sample District Central Co-operative Agricultural and Rural Development Bank \
                  of Neem, Peepal & Banyan Limited"
                .to_owned(),
        bank_hi: "नमूना ज़िला केंद्रीय सहकारी कृषि एवं ग्रामीण विकास बैंक, नीम, पीपल और बरगद, मर्यादित"
            .to_owned(),
        unit_en: "Office of the Deputy Commissioner of Police, Cyber Crime, Sample City \
                  Commissionerate"
            .to_owned(),
        unit_hi: "पुलिस उपायुक्त कार्यालय, साइबर अपराध, नमूना नगर पुलिस आयुक्तालय".to_owned(),
        cases: 1_284,
        liens: 12_345,
        holds: 6_789,
        amount_at_least: Paise::from_rupees(990_000_000_000),
        limit_hours: 72,
        limit_counted: Counted::WorkingHours,
        overdue_hours_at_least: 168 * 51,
        ..facts()
    };
    let bare = FactPack { amount_at_least: Paise::new(0), overdue_hours_at_least: 0, ..facts() };
    let two = FactPack { overdue_hours_at_least: 0, ..facts() };
    let usual = FactPack {
        bank_en: "Banyan Small Finance Bank".to_owned(),
        bank_hi: "बरगद स्मॉल फ़ाइनेंस बैंक".to_owned(),
        amount_at_least: Paise::from_rupees(99_000),
        ..facts()
    };
    vec![("plain", facts()), ("usual", usual), ("long", long), ("bare", bare), ("two", two)]
}

fn cards() -> Vec<(String, Card, Language)> {
    let mut cards = Vec::new();
    for (name, facts) in hard() {
        for language in Language::ALL {
            let card = card(&facts, EscalationKind::Tag, *language).unwrap();
            cards.push((format!("{name}-{language}"), card, *language));
        }
    }
    cards
}

#[test]
fn what_is_drawn_is_what_the_alternative_text_says() {
    for (name, card, language) in cards() {
        let alt = card.alt(language);
        let drawn = drawing(&card).lines;
        let words = |text: &str| -> Vec<String> {
            let plain = text.replace(['.', '।', ':', '(', ')'], " ");
            plain.split_whitespace().map(str::to_owned).collect()
        };
        let mut all: Vec<String> = drawn.iter().flat_map(|line| words(&line.text)).collect();
        let mut said = words(&alt);
        all.sort();
        said.sort();
        assert_eq!(all, said, "{name}");
        for line in &drawn {
            assert!(alt.contains(line.text.as_str()), "{name}: {}", line.text);
        }
    }
}

#[test]
fn nothing_leaves_the_card_or_lies_over_another_line() {
    for (name, card, _) in cards() {
        let drawn = drawing(&card).lines;
        let (foot, rest) = drawn.split_last_chunk::<2>().map(|(rest, foot)| (foot, rest)).unwrap();
        let lowest = rest.iter().map(|line| line.baseline + line.size * 0.35).fold(0.0, f32::max);
        assert!(lowest <= HEIGHT - FOOT - GAP, "{name}: {lowest}");
        assert!(foot.iter().all(|line| line.baseline > HEIGHT - FOOT), "{name}");
        for (n, line) in drawn.iter().enumerate() {
            let (top, bottom) = (line.baseline - line.size, line.baseline + line.size * 0.35);
            let inside = line.left >= MARGIN && line.right <= WIDTH - MARGIN + 0.5;
            assert!(inside && top >= 0.0 && bottom <= HEIGHT, "{name}: {}", line.text);
            for below in &drawn[n + 1..] {
                let apart = line.right <= below.left || below.right <= line.left;
                let under = |upper: &Drawn, lower: &Drawn| {
                    lower.baseline - lower.size * 0.85 >= upper.baseline + upper.size * 0.25
                };
                let far = under(line, below) || under(below, line);
                assert!(apart || far, "{name}: {} over {}", line.text, below.text);
            }
        }
    }
}

#[test]
fn letters_stay_readable_at_400_pixels() {
    for (name, card, _) in cards().iter().filter(|(name, ..)| !name.starts_with("long")) {
        let smallest = drawing(card).lines.iter().map(|line| line.size).fold(f32::MAX, f32::min);
        assert!(smallest / 3.0 >= 8.0, "{name}: {smallest}");
    }
}

#[test]
fn colours_can_be_told_apart() {
    let channel = |hex: &str| {
        let value = f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let light = |colour: &str| {
        0.2126 * channel(&colour[1..3])
            + 0.7152 * channel(&colour[3..5])
            + 0.0722 * channel(&colour[5..7])
    };
    for (ink, paper) in
        [(WHITE, NAVY), (INK, PAPER), (NAVY, PAPER), (GREY, WHITE), (NAVY, WHITE), (GREY, PAPER)]
    {
        let (a, b) = (light(ink), light(paper));
        let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
        assert!(contrast >= 4.5, "{ink} on {paper}: {contrast}");
    }
}

#[test]
fn the_same_facts_give_the_same_bytes_and_others_give_others() {
    let drawn = |facts: &FactPack, language| {
        png(&svg(&card(facts, EscalationKind::Tag, language).unwrap()).unwrap()).unwrap()
    };
    let one = drawn(&facts(), Language::Hi);
    assert_eq!(one, drawn(&facts(), Language::Hi));
    assert!(one.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(one.len() < 200_000, "{} bytes", one.len());
    let other = FactPack { cases: 8, ..facts() };
    assert_ne!(one, drawn(&other, Language::Hi));
}

#[test]
fn a_name_with_the_signs_of_markup_is_a_name_and_one_that_no_font_writes_is_no_box() {
    let named = |bank_en: &str| {
        let facts = FactPack { bank_en: bank_en.to_owned(), ..facts() };
        card(&facts, EscalationKind::Tag, Language::En).unwrap()
    };
    let odd = named("A&B <Bank> \"x\"");
    assert_eq!(drawing(&odd).lines[1].text, "A&B <Bank> \"x\"");
    assert!(png(&svg(&odd).unwrap()).is_ok());
    let unwritten = svg(&named("漢 Bank"));
    assert_eq!(unwritten, Err(NotDrawn::Unwritten("漢 Bank".to_owned())));
    let endless = "Bank".repeat(40);
    assert_eq!(svg(&named(&endless)), Err(NotDrawn::TooLong(endless)));
}

/// For a person to look at.
#[test]
fn the_pictures_are_kept_for_looking_at() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, card, _) in cards() {
        let drawn = png(&svg(&card).unwrap()).unwrap();
        assert!(!drawn.is_empty());
        std::fs::write(folder.join(format!("card-{name}.png")), drawn).unwrap();
    }
}
