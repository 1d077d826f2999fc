//! Invented identifiers of every kind, and the sentences they leak in.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Account,
    Card,
    Phone,
    Aadhaar,
    Acknowledgement,
    Pan,
    Upi,
    Email,
    Branch,
    Fir,
}

fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from.choose(rng).copied().unwrap_or_default()
}

pub fn digits(rng: &mut StdRng, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + rng.random_range(0..10u8))).collect()
}

fn letters(rng: &mut StdRng, count: usize) -> String {
    (0..count).map(|_| char::from(b'A' + rng.random_range(0..26u8))).collect()
}

/// The digit that makes the whole pass Luhn's check: found by trying.
fn card(rng: &mut StdRng) -> String {
    let length = if rng.random_bool(0.85) { 16 } else { 15 };
    let head = format!("{}{}", rng.random_range(3..=6), digits(rng, length - 2));
    let valid = |text: &str| {
        let sum: usize = text
            .bytes()
            .rev()
            .map(|byte| usize::from(byte - b'0'))
            .enumerate()
            .map(
                |(place, digit)| {
                    if place % 2 == 0 { digit } else { [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit] }
                },
            )
            .sum();
        sum.is_multiple_of(10)
    };
    (0..10).map(|last| format!("{head}{last}")).find(|text| valid(text)).unwrap_or(head)
}

const FIRST: &[&str] =
    &["ramesh", "sunita", "ravi", "pooja", "amit", "deepak", "neha", "vikas", "asha", "imran"];
const LAST: &[&str] = &["kumar", "devi", "sharma", "yadav", "khan", "singh", "verma", "gill"];

fn name(rng: &mut StdRng) -> String {
    let (first, last) = (pick(rng, FIRST), pick(rng, LAST));
    match rng.random_range(0..5) {
        0 => first.to_owned(),
        1 => format!("{first}.{last}"),
        2 => format!("{first}{}", rng.random_range(1..9999)),
        3 => format!("{first}_{last}"),
        _ => format!("{first}{last}"),
    }
}

impl Kind {
    /// The first five are made of digits alone.
    pub const ALL: [Self; 10] = [
        Self::Account,
        Self::Card,
        Self::Phone,
        Self::Aadhaar,
        Self::Acknowledgement,
        Self::Pan,
        Self::Upi,
        Self::Email,
        Self::Branch,
        Self::Fir,
    ];

    /// One identifier, undisguised.
    pub fn plain(self, rng: &mut StdRng) -> String {
        match self {
            Self::Account => {
                let length = rng.random_range(9..=18);
                digits(rng, length)
            }
            Self::Card => card(rng),
            Self::Phone => {
                let prefix = pick(rng, &["", "", "", "+91", "0", "91", "+91 ", "+91-"]);
                format!("{prefix}{}{}", rng.random_range(6..=9), digits(rng, 9))
            }
            Self::Aadhaar => format!("{}{}", rng.random_range(2..=9), digits(rng, 11)),
            Self::Acknowledgement => format!("3{}", digits(rng, 13)),
            Self::Pan => {
                let (head, tail) = (letters(rng, 3), letters(rng, 1));
                let holder = pick(rng, &["P", "C", "H", "F", "A", "T"]);
                format!("{head}{holder}{tail}{}{}", digits(rng, 4), letters(rng, 1))
            }
            Self::Upi => {
                let handle = pick(
                    rng,
                    &[
                        "okaxis",
                        "ybl",
                        "paytm",
                        "upi",
                        "ibl",
                        "apl",
                        "axl",
                        "oksbi",
                        "okicici",
                        "okhdfcbank",
                    ],
                );
                let user =
                    if rng.random_bool(0.3) { format!("9{}", digits(rng, 9)) } else { name(rng) };
                format!("{user}@{handle}")
            }
            Self::Email => {
                let host = pick(
                    rng,
                    &[
                        "gmail.com",
                        "example.com",
                        "yahoo.co.in",
                        "mail.example.org",
                        "rediffmail.com",
                    ],
                );
                format!("{}@{host}", name(rng))
            }
            Self::Branch => {
                let length = rng.random_range(9..=16);
                format!("{}0{} {}", letters(rng, 4), digits(rng, 6), digits(rng, length))
            }
            Self::Fir => {
                let number = rng.random_range(2..2000);
                let year = rng.random_range(2019..=2026);
                match rng.random_range(0..3) {
                    0 => format!("{number}/{year}"),
                    1 => format!("{number:04}/{year}"),
                    _ => format!("{number} of {year}"),
                }
            }
        }
    }

    fn frames(self) -> &'static [&'static str] {
        match self {
            Self::Account => &[
                "account {} at Peepal Bank awaits a lien",
                "a/c no. {} ka lien abhi tak pending hai",
                "खाता संख्या {} पर लियन लंबित है",
                "Money went to {} on 24 Nov 2026",
                "#lien {}",
                "paisa {} mein gaya, 6 ghante ho gaye",
                "https://example.org/lien?acct={}",
            ],
            Self::Card => &[
                "card {} was misused for ₹4,50,000",
                "कार्ड नंबर {} से ठगी हुई",
                "{} card block karo",
                "Debit of Rs 5,000 from {}",
            ],
            Self::Phone => &[
                "call {} for help",
                "victim ka number {} hai",
                "फोन {} पर संपर्क करें",
                "12 cases pending. WhatsApp {}",
                "{}",
                "please ring {} today, not 1930",
            ],
            Self::Aadhaar => &[
                "Aadhaar {} was used",
                "आधार {} का दुरुपयोग",
                "uid {} leaked",
                "KYC on {} is overdue",
            ],
            Self::Acknowledgement => &[
                "NCRP ack {} pending since 24-11-2026",
                "Acknowledgement number {}",
                "शिकायत संख्या {} लंबित",
                "{} is overdue by 48 hours",
            ],
            Self::Pan => &[
                "PAN {} of the holder",
                "पैन {} जब्त",
                "PAN card: {}",
                "holder's PAN is {}, 12 accounts",
            ],
            Self::Upi => &[
                "UPI {} received the money",
                "paise {} par bheje gaye",
                "यूपीआई {} को राशि गई",
                "VPA: {}",
            ],
            Self::Email => {
                &["mail {} at once", "ईमेल {} पर लिखें", "contact {} please", "nodal officer: {}"]
            }
            Self::Branch => &["IFSC and account: {}", "IFSC {} lien pending", "आईएफएससी {} लंबित"],
            Self::Fir => &[
                "FIR {} of PS Cyber",
                "FIR No. {} dated yesterday",
                "एफआईआर संख्या {} दर्ज",
                "mukadma sankhya {} mein lien",
                "प्राथमिकी {} में",
                "F.I.R. no {}",
                "Cr. No. {}",
                "crime no {} registered",
                "प्राथमिकी संख्या {}",
            ],
        }
    }

    /// A post with one identifier, disguised.
    pub fn post(self, rng: &mut StdRng, disguise: impl Fn(&mut StdRng, &str) -> String) -> String {
        let plain = self.plain(rng);
        let disguised = disguise(rng, &plain);
        pick(rng, self.frames()).replace("{}", &disguised)
    }
}
