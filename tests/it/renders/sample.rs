//! A report of everything that a renderer meets: charts, a table over several pages, an empty one,
//! warnings, links, texts that look like code, both languages.

use jiff::civil::date;
use takaza::{
    domain::{cost::MicroDollars, money::Paise, platform::Language, time::Timestamp},
    reports::document::{
        Bar, Bars, Cell, Chart, Column, Curve, Curves, Document, Edition, Finding, Section,
        Subject, Table,
    },
};

/// Sentences with conjuncts and matras that are written in another order than they are said.
pub const HINDI: [&str; 5] = [
    "हिन्दी में लिखी रिपोर्ट की प्रतिलिपि ज्यों-की-त्यों मिलनी चाहिए।",
    "बैंकों ने 12 मामलों में कार्रवाई की; 3 की स्थिति अज्ञात है।",
    "क्षेत्र के अधिकारियों से ₹1,23,45,678 की राशि पर ग्रहणाधिकार माँगा गया।",
    "नीम बैंक की औसत प्रतिक्रिया 7.5 घंटे रही, पीपल बैंक की 31 घंटे।",
    "प्रत्येक क्रिया, उद्धरण और श्रेणी का विवरण संक्षिप्त है।",
];

/// The banks of every example.
const BANKS: [(&str, &str); 6] = [
    ("Neem Bank", "नीम बैंक"),
    ("Peepal Bank", "पीपल बैंक"),
    ("Bargad Bank", "बरगद बैंक"),
    ("Sheesham Sahakari Bank", "शीशम सहकारी बैंक"),
    ("Kachnar Small Finance Bank", "कचनार लघु वित्त बैंक"),
    ("Gulmohar Payments Bank", "गुलमोहर भुगतान बैंक"),
];

fn said(language: Language, english: &str, hindi: &str) -> String {
    match language {
        Language::En => english.to_owned(),
        Language::Hi => hindi.to_owned(),
    }
}

fn column(id: &'static str, title: String) -> Column {
    Column { id, title }
}

/// The report.
pub fn document(language: Language) -> Document {
    let t = |english: &str, hindi: &str| said(language, english, hindi);
    Document {
        subject: Subject::Engagement,
        edition: Edition::Unit,
        language,
        title: t("What public tags achieve", "सार्वजनिक उल्लेखों का असर"),
        unit: t("Cyber Crime Police Station", "साइबर अपराध थाना"),
        from: date(2026, 11, 1),
        until: date(2026, 11, 28),
        as_of: "2026-11-29T03:30:00Z".parse::<jiff::Timestamp>().map(Timestamp::from).unwrap(),
        zone: "Asia/Kolkata".to_owned(),
        notes: vec![t(
            "These banks and numbers are invented. They show what a report looks like, and say nothing of anyone.",
            "ये बैंक और आँकड़े काल्पनिक हैं। ये केवल दिखाते हैं कि रिपोर्ट कैसी दिखती है, किसी के बारे में कुछ नहीं कहते।",
        )],
        sections: vec![times(language), survival(language), posts(language), nothing(language)],
    }
}

fn times(language: Language) -> Section {
    let t = |english: &str, hindi: &str| said(language, english, hindi);
    let bank = |n: usize| t(BANKS[n].0, BANKS[n].1);
    let hours = [7.5, 31.0, 18.25, 52.125, 11.0];
    let bar = |(n, hours): (usize, &f64)| Bar {
        label: bank(n),
        value: *hours,
        said: t(&format!("{hours:.1} h"), &format!("{hours:.1} घंटे")),
        interval: Some((hours * 0.7, hours * 1.4)),
    };
    let row = |(n, hours): (u32, &f64)| {
        vec![
            Cell::Text(bank(n as usize)),
            Cell::Count(120 * u64::from(n + 1)),
            Cell::Money(Paise::from_rupees(1_234_567 * i64::from(n + 1))),
            Cell::Hours(*hours),
            Cell::Share(0.125 * f64::from(n + 1)),
        ]
    };
    let mut rows: Vec<_> = (0..).zip(&hours).map(row).collect();
    let few = Cell::Nothing(t("too few to tell", "बताने के लिए बहुत कम"));
    rows.push(vec![
        Cell::Text(bank(5)),
        Cell::Count(2),
        Cell::Money(Paise::new(12_345)),
        few.clone(),
        few,
    ]);
    Section {
        id: "response-times",
        title: t("Time from tag to action", "उल्लेख से कार्रवाई तक का समय"),
        about: t(
            "The median of the hours between a post and the bank's action on the actions that it named, from the case source. The line shows where the true value lies with 95 % confidence.",
            "पोस्ट और उसमें बताए गए मामलों पर बैंक की कार्रवाई के बीच के घंटों की माध्यिका, मामलों के स्रोत से। रेखा दिखाती है कि सही मान 95 % विश्वास के साथ कहाँ है।",
        ),
        findings: vec![
            Finding {
                warning: false,
                text: t("Neem Bank acts soonest: half of its actions within 7.5 hours.", HINDI[3]),
            },
            Finding {
                warning: true,
                text: t("Three cases are in no state that the case source knows.", HINDI[1]),
            },
        ],
        chart: Some(Chart::Bars(Bars {
            about: t(
                "Bars of the median hours to action for each bank, Neem Bank lowest with 7.5 hours, Sheesham Sahakari Bank highest with 52.1.",
                "हर बैंक की कार्रवाई में लगे घंटों की माध्यिका; नीम बैंक सबसे कम 7.5 घंटे, शीशम सहकारी बैंक सबसे अधिक 52.1 घंटे।",
            ),
            axis: t("Hours to action (median)", "कार्रवाई तक घंटे (माध्यिका)"),
            bars: hours.iter().enumerate().map(bar).collect(),
        })),
        table: Table {
            columns: vec![
                column("bank", t("Bank", "बैंक")),
                column("actions", t("Actions", "कार्रवाइयाँ")),
                column("amount", t("Amount disputed", "विवादित राशि")),
                column("hours", t("Hours to action, median", "कार्रवाई तक घंटे, माध्यिका")),
                column("share", t("Acted within 24 h", "24 घंटे में कार्रवाई")),
            ],
            rows,
            total: Some(vec![
                Cell::Text(t("All banks", "सभी बैंक")),
                Cell::Count(1_802),
                Cell::Money(Paise::from_rupees(186_419_740)),
                Cell::Hours(18.25),
                Cell::Share(0.375),
            ]),
        },
    }
}

fn survival(language: Language) -> Section {
    let t = |english: &str, hindi: &str| said(language, english, hindi);
    let curve = |label: String, rate: f64| Curve {
        label,
        points: (0..=12).map(|n| (f64::from(n) * 6.0, (-rate * f64::from(n)).exp())).collect(),
    };
    Section {
        id: "still-pending",
        title: t("What still pends, by hours since the request", "अनुरोध के बाद घंटों में शेष लंबित"),
        about: HINDI[0].to_owned(),
        findings: vec![Finding { warning: false, text: HINDI[2].to_owned() }],
        chart: Some(Chart::Curves(Curves {
            about: t(
                "Share of actions that still pend: with a tag it falls faster.",
                "शेष लंबित कार्रवाइयों का हिस्सा: उल्लेख के साथ यह तेज़ी से घटता है।",
            ),
            x: t("Hours since the request", "अनुरोध के बाद घंटे"),
            y: t("Still pending", "अब भी लंबित"),
            steps: true,
            share: true,
            curves: vec![
                curve(t("Tagged in public", "सार्वजनिक उल्लेख के बाद"), 0.30),
                curve(t("Mailed and called", "मेल और फ़ोन के बाद"), 0.16),
                curve(t("Without a reminder", "बिना किसी तक़ाज़े के"), 0.15),
            ],
        })),
        table: Table {
            columns: vec![
                column("hours", t("Hours", "घंटे")),
                column("tagged", t("Tagged", "उल्लेख के बाद")),
                column("mailed", t("Mailed", "मेल के बाद")),
            ],
            rows: (0..4)
                .map(|n| {
                    vec![
                        Cell::Hours(f64::from(n) * 6.0),
                        Cell::Share(0.9 - 0.1 * f64::from(n)),
                        Cell::Share(0.95),
                    ]
                })
                .collect(),
            total: None,
        },
    }
}

fn posts(language: Language) -> Section {
    let t = |english: &str, hindi: &str| said(language, english, hindi);
    let row = |n: u32| {
        let bank = BANKS[n as usize % BANKS.len()];
        let text = match n % 5 {
            0 => "=HYPERLINK(\"http://evil.example\",\"x\")".to_owned(),
            1 => "+91 call <script>alert(1)</script>".to_owned(),
            2 => HINDI[4].to_owned(),
            3 => "-1+1".to_owned(),
            _ => "@SUM(A1:A9)".to_owned(),
        };
        vec![
            Cell::Text(format!("CCP-7F{n:03}")),
            Cell::Day(date(2026, 11, 1 + i8::try_from(n % 28).unwrap())),
            Cell::At(Timestamp::from_micros(1_795_900_000_000_000 + i64::from(n) * 3_600_000_000)),
            Cell::Text(t(bank.0, bank.1)),
            Cell::Text(text),
            Cell::Dollars(MicroDollars::new(15_000 * i64::from(n + 1))),
            Cell::Number(1.5 + f64::from(n) / 8.0),
            Cell::Link(format!("https://square.example/@unit/1142{n:06}")),
        ]
    };
    Section {
        id: "posts",
        title: t("Every post", "हर पोस्ट"),
        about: t(
            "What was posted, when, and what it cost.",
            "क्या, कब पोस्ट हुआ, और उस पर क्या ख़र्च आया।",
        ),
        findings: Vec::new(),
        chart: None,
        table: Table {
            columns: vec![
                column("reference", t("Reference", "संदर्भ")),
                column("day", t("Day", "दिन")),
                column("at", t("Posted", "पोस्ट का समय")),
                column("bank", t("Bank", "बैंक")),
                column("text", t("Text", "पाठ")),
                column("cost", t("Cost (US dollars)", "ख़र्च (अमेरिकी डॉलर)")),
                column("ratio", t("Answers a post", "प्रति पोस्ट उत्तर")),
                column("link", t("Where", "कहाँ")),
            ],
            rows: (0..70).map(row).collect(),
            total: None,
        },
    }
}

fn nothing(language: Language) -> Section {
    let t = |english: &str, hindi: &str| said(language, english, hindi);
    Section {
        id: "corrections",
        title: t("Corrections", "शुद्धियाँ"),
        about: t("What was set right in public.", "सार्वजनिक रूप से क्या सुधारा गया।"),
        findings: Vec::new(),
        chart: None,
        table: Table { columns: vec![column("day", t("Day", "दिन"))], ..Table::default() },
    }
}
