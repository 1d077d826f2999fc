//! What the characters do: who answers a post, when, and in which words. Everything is planned
//! when the unit posts and happens when the demo's clock gets there.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::{Account, Post, Role, State};
use crate::{
    demo::{
        cast::{self, Bank, Manner, Unit},
        chance,
    },
    domain::time::Timestamp,
};

/// One thing that a character means to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Planned {
    at: Timestamp,
    by: String,
    to: u64,
    deed: Deed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    Like,
    Repost,
    Reply(String),
    Quote(String),
}

/// A handle that reads like Peepal Bank's: a capital I stands for the l.
const IMPOSTOR: &str = "peepaI_bank";

const CITIZENS: [(&str, &str); 14] = [
    ("asha_reads", "Asha"),
    ("ravi_on_wheels", "Ravi"),
    ("meera_teaches", "Meera"),
    ("chai_at_five", "Chai at Five"),
    ("imran_writes", "Imran"),
    ("sector_walks", "Sector Walks"),
    ("nanda_gardens", "Nanda"),
    ("old_radio", "Old Radio"),
    ("lata_cooks", "Lata"),
    ("kiran_codes", "Kiran"),
    ("joseph_p", "Joseph"),
    ("farida_k", "Farida"),
    ("monsoon_maps", "Monsoon Maps"),
    ("gopal_dairy", "Gopal Dairy"),
];

/// Everyone: the unit first, then the banks, the impostor, the citizens.
pub(super) fn accounts(unit: &Unit) -> Vec<Account> {
    let account = |id: &str, handle: &str, name: &str, role, bio: &str| Account {
        id: id.to_owned(),
        handle: handle.to_owned(),
        name: name.to_owned(),
        role,
        bio: bio.to_owned(),
    };
    let mut all = vec![account(
        "u001",
        &unit.handle,
        &unit.name,
        Role::Unit,
        "An invented police unit in a sandbox. Helpline 1930. Cases are never discussed here.",
    )];
    all.extend(cast::banks().iter().map(|bank| {
        let bio = format!("{} · an invented bank", bank.name_hi);
        account(&bank.stable_id, &bank.handle, &bank.name_en, Role::Bank, &bio)
    }));
    let bio = "Customer care 24x7. Refund desk.";
    all.push(account("c900", IMPOSTOR, "Peepal Bank", Role::Impostor, bio));
    all.extend(CITIZENS.iter().enumerate().map(|(index, (handle, name))| {
        account(&format!("c{:03}", index + 1), handle, name, Role::Citizen, "")
    }));
    all
}

/// A day of ordinary posts, so that the square is a place and not a stage.
pub(super) fn quiet_day(state: &mut State, rng: &mut impl Rng, now: Timestamp) {
    const SAID: [(&str, &str); 9] = [
        ("monsoon_maps", "Fog till ten on the expressway. Drive with low beam and patience."),
        (
            "neem_bank",
            "Our branches are open tomorrow, 10 to 4. We never ask for an OTP. Not by phone, not by message, not by post.",
        ),
        ("lata_cooks", "आज सरसों का साग और मक्के की रोटी। सर्दी आ ही गई।"),
        (
            "koel_payments_bank",
            "Lost your phone? Block your wallet first from any other phone, then report it. One minute.",
        ),
        (
            "old_radio",
            "Found a 1974 valve set at the Sunday market. It hums, it crackles, it sings.",
        ),
        ("gulmohar_bank", "डिजिटल गिरफ्तारी जैसी कोई चीज़ नहीं होती। फ़ोन काटिए और 1930 पर बताइए।"),
        (
            "sector_walks",
            "The new footpath by the lake is open. 4.2 km, shaded, no scooters (so far).",
        ),
        (
            "cyber_unit",
            "If money has left your account by fraud, call 1930 at once. The first hours decide how much can be saved.",
        ),
        (
            "joseph_p",
            "Thank you to the 1930 operator who stayed on the line with my mother for forty minutes.",
        ),
    ];
    let unit = state.unit().handle.clone();
    let mut at = now.minus(jiff::SignedDuration::from_hours(19));
    for (handle, text) in SAID {
        let handle = if handle == "cyber_unit" { &unit } else { handle };
        let Some(by) = state.by_handle(handle).map(|account| account.id.clone()) else { continue };
        let id = state.add(&by, text, at, None, None);
        for _ in 0..rng.random_range(0..6) {
            let fan = citizen(rng);
            let when = at.plus(chance::between(rng, 1, 90)).min(now);
            state.like(id, &fan, when);
        }
        at = at.plus(chance::between(rng, 70, 135));
    }
    // What happened before the story began is nobody's news.
    state.notices.clear();
}

/// Plans who will answer a post of the unit's.
pub(super) fn plan(state: &mut State, rng: &mut impl Rng, post: &Post) {
    let lower = post.text.to_lowercase();
    let thanks = ["thank", "धन्यवाद", "आभार"].iter().any(|word| lower.contains(word));
    for bank in cast::banks() {
        let named = lower.contains(&format!("@{}", bank.handle))
            || post.text.contains(&bank.name_en)
            || post.text.contains(&bank.name_hi);
        if named && thanks {
            let at = post.at.plus(chance::between(rng, 3, 40));
            state.planned.push(planned(at, &bank.stable_id, post.id, Deed::Like));
        } else if named {
            bank_answers(state, rng, post, bank);
        }
    }
    passers_by(state, rng, post, thanks);
}

fn planned(at: Timestamp, by: &str, to: u64, deed: Deed) -> Planned {
    Planned { at, by: by.to_owned(), to, deed }
}

fn bank_answers(state: &mut State, rng: &mut impl Rng, post: &Post, bank: &Bank) {
    let reference = reference_in(&post.text).unwrap_or("your post");
    let hindi = has_devanagari(&post.text);
    let mut will = |after, deed| {
        state.planned.push(planned(post.at.plus(after), &bank.stable_id, post.id, deed));
    };
    match bank.manner {
        Manner::Prompt => {
            let text = if hindi {
                format!("{reference} मिल गया। हमारे नोडल अधिकारी इसे अभी देख रहे हैं।")
            } else {
                format!(
                    "Received under {reference}. Our nodal officer has taken it up and will reply by mail within the hour."
                )
            };
            will(chance::between(rng, 4, 18), Deed::Reply(text));
            will(chance::between(rng, 2, 20), Deed::Like);
        }
        Manner::Slow => {
            let text = format!(
                "Noted, {reference}. The requests are with our operations team. Our reply goes to the official mail."
            );
            will(chance::between(rng, 90, 240), Deed::Reply(text));
        }
        Manner::Canned => {
            let text = "Hello! We are sorry for the inconvenience. Please DM us your details with your registered mobile number so that we can assist you. -Team Care";
            will(chance::between(rng, 1, 5), Deed::Reply(text.to_owned()));
        }
        Manner::Amplifies => {
            will(chance::between(rng, 8, 50), Deed::Repost);
            let text =
                format!("We act on every request of the police. {reference} is being worked on.");
            will(chance::between(rng, 20, 80), Deed::Quote(text));
        }
        Manner::Nods => will(chance::between(rng, 5, 45), Deed::Like),
        Manner::Silent => {}
    }
    let peepal = cast::banks()[0].code == bank.code;
    if peepal || rng.random_bool(0.15) {
        let text = "Dear customer, refund is APPROVED. Pay Rs 499 processing charge and send OTP to our officer on WhatsApp 90000 12345 for instant release.";
        let at = post.at.plus(chance::between(rng, 3, 25));
        state.planned.push(planned(at, "c900", post.id, Deed::Reply(text.to_owned())));
    }
}

fn passers_by(state: &mut State, rng: &mut impl Rng, post: &Post, thanks: bool) {
    const SAID: [&str; 9] = [
        "Good. Money should be held first and discussed later.",
        "The first six hours are everything. Please act.",
        "बहुत ज़रूरी काम। समय पर कार्रवाई हो तो पैसा बच सकता है।",
        "My father lost his savings like this. Please call me on 98000 00123, nobody picks up.",
        "Is there a number for senior citizens? My aunt got such a call today.",
        "1930 पर शिकायत की थी, जवाब जल्दी मिला।",
        "Bank customer since years. Hope they answer.",
        "Can the bank say when it will reply?",
        "मेरा केस भी देखिए, नंबर है 90000 45678।",
    ];
    for _ in 0..rng.random_range(1..9) {
        let at = post.at.plus(chance::between(rng, 1, 300));
        state.planned.push(planned(at, &citizen(rng), post.id, Deed::Like));
    }
    if rng.random_bool(0.35) {
        let at = post.at.plus(chance::between(rng, 3, 120));
        state.planned.push(planned(at, &citizen(rng), post.id, Deed::Repost));
    }
    let replies = if thanks { 0 } else { *chance::weighted(rng, &[(0, 3), (1, 4), (2, 3)]) };
    for _ in 0..replies {
        let at = post.at.plus(chance::between(rng, 2, 150));
        let text = (*chance::pick(rng, &SAID)).to_owned();
        state.planned.push(planned(at, &citizen(rng), post.id, Deed::Reply(text)));
    }
}

/// Carries out what is due, in order of time. Nobody answers a post that is gone.
pub(super) fn act(state: &mut State, rng: &mut impl Rng, now: Timestamp) -> usize {
    let (mut due, later): (Vec<_>, Vec<_>) =
        state.planned.drain(..).partition(|planned| planned.at <= now);
    state.planned = later;
    due.sort_by_key(|planned| planned.at);
    let mut done = 0;
    for Planned { at, by, to, deed } in due {
        if state.posts.get(&to).is_none_or(|post| post.deleted_at.is_some()) {
            continue;
        }
        done += 1;
        match deed {
            Deed::Like => state.like(to, &by, at),
            Deed::Repost => state.repost(to, &by, at),
            Deed::Quote(text) => {
                state.add(&by, &text, at, None, Some(to));
            }
            Deed::Reply(text) => {
                let id = state.add(&by, &text, at, Some(to), None);
                if rng.random_bool(0.3) {
                    let when = at.plus(chance::between(rng, 1, 40)).min(now);
                    state.like(id, &citizen(rng), when);
                }
            }
        }
    }
    done
}

fn citizen(rng: &mut impl Rng) -> String {
    format!("c{:03}", rng.random_range(1..=CITIZENS.len()))
}

pub(super) fn has_devanagari(text: &str) -> bool {
    text.chars().any(|letter| ('\u{900}'..='\u{97f}').contains(&letter))
}

/// The first word that looks like one of our references: capitals, a dash, five signs.
fn reference_in(text: &str) -> Option<&str> {
    let words = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-'));
    words.into_iter().find(|word| {
        word.split_once('-').is_some_and(|(unit, code)| {
            (2..=5).contains(&unit.len())
                && unit.bytes().all(|sign| sign.is_ascii_uppercase())
                && code.len() == 5
                && code.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
        })
    })
}
